/** What the tab needs of teams-js; it is loaded when the tab is in a frame. */
export { app, authentication, pages } from '@microsoft/teams-js';
