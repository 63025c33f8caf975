import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';

/** A page to read the API and to try it, with a token of one's own: it is kept in this page alone. */
SwaggerUI({
  domNode: document.getElementById('docs'),
  url: '/api/openapi.json',
  deepLinking: true,
  docExpansion: 'list',
  filter: true,
  tagsSorter: 'alpha',
  validatorUrl: null,
});
