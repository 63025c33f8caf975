import type { Messages } from '.';

const fr: Messages = {
  common: {
    cancel: 'Annuler', save: 'Enregistrer', close: 'Fermer', more: 'Afficher plus',
    dismiss: 'Fermer le message',
  },
  shell: {
    skip: 'Aller au contenu', places: 'Image Pro', pictures: 'Images', jobs: 'Lots', schedules: 'Planifications', presets: 'Préréglages', help: 'Aide',
    account: 'Compte de {{name}}', privacy: 'Confidentialité', signOut: 'Se déconnecter',
  },
  home: { hello: 'Bonjour, {{name}}', tabs: 'Onglets de votre organisation', open: 'Ouvrir une bibliothèque', show: 'Afficher les images' },
  picker: {
    site: 'Trouver un site', siteHint: 'Une partie de son nom, ou son adresse', sites: 'Sites', none: 'Aucun site trouvé.', library: 'Bibliothèque', choose: 'Choisir',
    folder: 'Dossier : {{path}}', up: 'Remonter', noFolders: 'Aucun dossier ici.',
  },
  gallery: {
    library: 'Bibliothèque', trail: 'Où vous êtes', find: 'Chercher par nom', view: 'Affichage', sort: 'Trier par', layout: 'Disposition', editFolder: 'Tout modifier', folders: 'Dossiers', images: 'Images',
    by_name: 'Nom', by_modified: 'Modification', by_taken: 'Prise de vue', by_size: 'Taille', ascending: 'croissant', descending: 'décroissant', order: '{{by}}, {{way}}',
    sortedLater: 'Par nom, jusqu’à ce que toutes les images soient listées.', tooManyToSort: 'Par nom, car il y a trop d’images pour un autre ordre.',
    layout_grid: 'Grille', layout_masonry: 'Dans leurs proportions', layout_carousel: 'Une à la fois', layout_list: 'Liste',
    selection: 'Sélection', selected_one: '{{count}} image sélectionnée', selected_other: '{{count}} images sélectionnées', select: 'Sélectionner', selectAll: 'Sélectionner les {{total}}', selectNone: 'Effacer',
    editSelected: 'Modifier', previous: 'Précédente', next: 'Suivante', of: '{{at}} sur {{total}}',
    empty: 'Il n’y a pas encore d’images ici.', onlyFolders: 'Il y a ici des dossiers, et aucune image.', nothingFound: 'Aucune image ne porte ce nom.', other: 'Choisir une autre bibliothèque',
  },
  details: {
    label: 'Détails', close: 'Fermer les détails', edit: 'Modifier', download: 'Télécharger', copy: 'Copier le lien', copied: 'Le lien a été copié.', facts: 'Informations', properties: 'Description', versions: 'Versions',
    size: 'Taille', pixels: 'Pixels', format: 'Format', frames: 'Images animées', taken: 'Prise de vue', camera: 'Appareil', lens: 'Objectif', exposure: 'Exposition', creator: 'Auteur', copyright: 'Droits d’auteur',
    profile: 'Profil de couleurs', place: 'Lieu', modified: 'Modifiée', created: 'Ajoutée',
    title: 'Titre', altText: 'Texte de remplacement', altTextHint: 'Ce que devrait savoir une personne qui ne voit pas l’image', caption: 'Légende', credit: 'Crédit', tags: 'Mots-clés', tagsHint: 'Séparés par des virgules',
    save: 'Enregistrer', saved: 'La description a été enregistrée.', current: 'actuelle', restore: 'Restaurer', restoreVersion: 'Restaurer la version {{version}}', restored: 'La version a été restaurée.',
  },
  editor: {
    unchanged: 'Rien n’a été enregistré : les modifications ne changent rien à {{name}}.',
    skipped: '{{name}} n’a pas été enregistrée.',
    actions: 'Actions', tools: 'Outils', undo: 'Annuler', redo: 'Rétablir', reset: 'Tout annuler', compare: 'Avant et après', more: 'Appliquer à d’autres images', copy: 'Enregistrer une copie', save: 'Enregistrer', saved: '{{name}} a été enregistrée.',
    close: 'Fermer l’éditeur',
    itsFolder: 'le dossier de l’image',
    canvas: '{{name}}, en cours de modification', opening: 'Ouverture de l’image', saving: 'Enregistrement',
    changedBy: '{{who}} a modifié l’image entre-temps ({{at}}). Enregistrez une copie pour garder votre travail, ou chargez la nouvelle.', reload: 'Charger la nouvelle',
    panel_crop: 'Recadrer', panel_turn: 'Tourner', panel_light: 'Lumière et couleur', panel_filters: 'Filtres', panel_draw: 'Dessiner', panel_text: 'Texte',
    left: 'Gauche', right: 'Droite', flipX: 'Miroir horizontal', flipY: 'Miroir vertical', width: 'Épaisseur', free: 'À main levée', line: 'Ligne', shapes: 'Ajouter une forme', shape_rect: 'Rectangle', shape_circle: 'Cercle', shape_triangle: 'Triangle',
    sample: 'Texte', addText: 'Ajouter du texte', remove: 'Supprimer l’élément choisi', keys: 'Les flèches déplacent l’élément choisi ou le cadre ; plus et moins l’agrandissent ou le réduisent ; Suppr le supprime.', cropHint: 'Faites glisser le cadre, ou choisissez une forme.', crop: 'Recadrer',
  },
  unsaved: {
    title: 'Enregistrer les modifications ?',
    question: 'Vos modifications de « {{name}} » n’ont pas été enregistrées.',
    lost: 'Vos modifications de « {{name}} » n’ont pas été enregistrées et seront perdues si vous quittez.',
    discard: 'Ne pas enregistrer',
  },
  look: {
    brightness: 'Luminosité', contrast: 'Contraste', saturation: 'Saturation', vibrance: 'Vibrance', hue: 'Teinte', pixelate: 'Pixelliser', noise: 'Bruit', grayscale: 'Niveaux de gris', sepia: 'Sépia', vintage: 'Rétro',
    kodachrome: 'Kodachrome', technicolor: 'Technicolor', polaroid: 'Polaroid', brownie: 'Brownie', blackWhite: 'Noir et blanc', invert: 'Négatif', sharpen: 'Netteté', emboss: 'Relief',
  },
  bulk: {
    gone: 'Ce brouillon n’est plus disponible : il disparaît à la fermeture de la fenêtre ou à la déconnexion.',
    title: 'Modifier beaucoup d’images', nothing: 'Choisissez d’abord des images : sélectionnez-en dans une bibliothèque, ou prenez tout un dossier.', choose: 'Choisir des images', pictures: 'Images',
    images_one: '{{count}} image', images_other: '{{count}} images', folder: 'Toutes les images de « {{name}} »', recursive: 'Aussi celles de ses dossiers', onlyNames: 'Seulement les noms comme', onlyNamesHint: '* représente tout : IMG_*', onlySince: 'Seulement modifiées depuis', recipe: 'Ce qu’il faut faire', preset: 'Partir d’un préréglage', noPreset: 'Aucun',
    savePreset: 'Enregistrer comme préréglage', saving: 'Enregistrement', newVersion: 'Comme nouvelle version de chaque image', copy: 'Comme copie', copyName: 'Nom des copies', copyHint: '{{name}}, {{width}} et {{counter}} représentent ce qu’ils disent.',
    onConflict: 'Si le nom est déjà pris', report: 'le signaler', skip: 'passer l’image', keepDates: 'Garder la date de la dernière modification', start: 'Lancer', dryRun: 'Essayer sans enregistrer', schedule: 'Planifier', preview: 'Aperçu',
  },
  recipe: {
    steps: 'Étapes', add: 'Ajouter une étape', up: '{{step}} : plus tôt', down: '{{step}} : plus tard', remove: '{{step}} : supprimer', output: 'Le fichier', format: 'Format', keepFormat: 'Inchangé', quality: 'Qualité', metadata: 'Ce que le fichier dit de lui-même',
    metadata_keep: 'Tout garder', metadata_copyright: 'Garder seulement les droits d’auteur', metadata_none: 'Tout supprimer', stripGps: 'Supprimer le lieu',
  },
  step: {
    resize: 'Redimensionner', crop: 'Recadrer', rotate: 'Tourner', flip: 'Miroir', adjust: 'Lumière et couleur', autoLevels: 'Niveaux automatiques', filter: 'Filtre', sharpen: 'Netteté', blur: 'Flou', text: 'Texte', trim: 'Rogner les bords', border: 'Bordure',
    roundCorners: 'Coins arrondis', pixelate: 'Pixelliser', shape: 'Forme', redact: 'Masquer une partie',
  },
  field: {
    undrawable: 'Ces caractères ne peuvent pas être dessinés : {{letters}}',
    width: 'Largeur', height: 'Hauteur', fit: 'Ajustement', withoutEnlargement: 'Ne jamais agrandir', aspectRatio: 'Forme', gravity: 'Où', angle: 'Angle, sens horaire', axis: 'Direction', brightness: 'Luminosité', contrast: 'Contraste', saturation: 'Saturation',
    vibrance: 'Vibrance', temperature: 'Chaleur', highlights: 'Hautes lumières', shadows: 'Ombres', exposure: 'Exposition', channels: 'Supprimer les dominantes', name: 'Filtre', sigma: 'Rayon', amount: 'Intensité', text: 'Texte',
    textHint: '{{year}}, {{creator}} et {{name}} représentent ce qu’ils disent.', size: 'Taille', color: 'Couleur', bold: 'Gras', threshold: 'Tolérance', radius: 'Rayon',
  },
  option: {
    inside: 'Au plus', outside: 'Au moins', cover: 'Remplir, couper le reste', contain: 'Au plus, avec des marges', fill: 'Étirer', smart: 'Là où c’est important', center: 'Centre', north: 'Haut', northeast: 'En haut à droite', east: 'Droite', southeast: 'En bas à droite',
    south: 'Bas', southwest: 'En bas à gauche', west: 'Gauche', northwest: 'En haut à gauche', horizontal: 'Horizontal', vertical: 'Vertical', both: 'Les deux', grayscale: 'Niveaux de gris', sepia: 'Sépia', vintage: 'Rétro', brownie: 'Brownie', kodachrome: 'Kodachrome',
    technicolor: 'Technicolor', polaroid: 'Polaroid', blackWhite: 'Noir et blanc', invert: 'Négatif', vignette: 'Vignettage',
  },
  preview: { before: '{{name}}, avant', after: '{{name}}, après' },
  jobs: { title: 'Lots', none: 'Vous n’avez pas encore modifié beaucoup d’images à la fois.', counts: '{{edited}} sur {{planned}} modifiées, {{failed}} impossibles' },
  job: {
    apply_one: 'Modifier {{shown}} image', apply_other: 'Modifier {{shown}} images', settings: 'Modifier les paramètres',
    kind_edit: 'Lot', kind_dryRun: 'Essai', kind_undo: 'Annulation', state_planning: 'cherche des images', state_running: 'en cours', state_paused: 'en pause', state_waitingForSignIn: 'attend votre connexion', state_done: 'terminé',
    state_failed: 'échoué', state_cancelled: 'annulé', begun: 'Commencé {{at}}.', ended: 'Terminé {{at}}.', of: 'Il dépend d’un autre lot.', show: 'L’afficher', progress: 'Avancement', share: '{{share}} terminé',
    looking_one: 'Recherche d’images : {{count}} pour l’instant', looking_other: 'Recherche d’images : {{count}} pour l’instant', done: '{{done}} sur {{planned}}.', pace: '{{rate}} par minute, prêt {{end}}.',
    edited: 'Modifiées', wouldEdit: 'Seraient modifiées', unchanged: 'Inchangées', skipped: 'Passées', conflict: 'Changées entre-temps', failed: 'Échouées', waiting: 'En attente', saved: '{{before}} sont devenus {{after}} : {{share}} de moins.', undone: '{{before}} sont redevenus {{after}}.', wouldSave: '{{before}} deviendraient {{after}} : {{share}} de moins.',
    pause: 'Mettre en pause', resume: 'Continuer', cancel: 'Annuler', undo: 'Rétablir l’état d’avant', retry: 'Réessayer les échecs', report: 'Rapport', previews: 'Avant et après', items: 'Images', filter: 'Afficher', everything: 'toutes',
    column_name: 'Nom', column_result: 'Résultat', column_before: 'Avant', column_after: 'Après',
  },
  warning: {
    alphaFlattened: 'La transparence a été remplie.', chromaHalved: 'Les couleurs ont la moitié de la résolution.', colorsReduced: 'Les couleurs ont été réduites.', depthReduced: '16 bits sont devenus 8.', framesDropped: 'Seule la première image a été prise.',
    metadataDropped: 'Une partie de ce que dit le fichier a été perdue.', orientationKept: 'Elle n’a pas été tournée, cela aurait coûté de la qualité.', processed: 'C’était déjà fait.', profileDropped: 'Le profil de couleurs était abîmé.', profileKept: 'Le profil de couleurs est resté.',
    progressiveMissing: 'Elle n’est pas progressive.', qualityReduced: 'La qualité a été réduite.', savingsTooSmall: 'Elle n’aurait pas été beaucoup plus petite.', overwroteChange: 'Quelqu’un d’autre a enregistré au même moment. Son contenu est dans la version juste en dessous.',
  },
  schedules: {
    title: 'Planifications', none: 'Rien n’est prévu. Choisissez des images, puis « Planifier ».', name: 'Nom', start: 'Première fois', rhythm: 'Répéter', once: 'une fois', daily: 'chaque jour', weekdays: 'les jours ouvrés', weekly: 'chaque semaine', monthly: 'chaque mois',
    onlyChanged: 'Seulement les images nouvelles ou modifiées', saved: 'La planification a été enregistrée.', removed: 'La planification a été supprimée.', next: 'Prochaine fois {{at}}', over: 'Terminée', last: 'La dernière fois', active: 'Active', remove: 'Supprimer {{name}}',
  },
  presets: {
    fresh: 'Nouveau préréglage',
    title: 'Préréglages', about: 'Des recettes avec un nom, pour toute votre organisation.', none: 'Il n’y en a pas encore.', add: 'Ajouter un préréglage', name: 'Nom', saved: 'Le préréglage a été enregistré.', removed: 'Le préréglage a été supprimé.', change: 'Modifier {{name}}', remove: 'Supprimer {{name}}',
  },
  configuration: {
    title: 'Ce que montre l’onglet', name: 'Titre', captions: 'Sous chaque image', captions_none: 'Rien', captions_name: 'Son nom', captions_title: 'Son titre', captions_caption: 'Sa légende',
  },
  privacy: {
    title: 'Confidentialité', about: 'Les images restent dans votre SharePoint. Voici ce qu’Image Pro garde à côté, pourquoi et combien de temps.', kept: 'Ce qui est gardé', never: 'Ce qui n’est jamais touché', eraseMe: 'Effacer mes données', eraseMeQuestion: 'Vos lots sont annulés, et tout ce qui est gardé de vous est effacé. Cela prend quelques minutes et ne peut pas être annulé.',
    eraseAll: 'Effacer les données de l’organisation', eraseAllQuestion: 'Tout ce qui est gardé de tous les utilisateurs de votre organisation est effacé : onglets, préréglages, descriptions, lots. Cela ne peut pas être annulé.', erasing: 'Effacement …', erased: 'Tout a été effacé, {{at}}.',
  },
  problem: {
    unsupportedEdit: 'Cette modification n’est pas possible.',
    again: 'Réessayer', allow: 'Autoriser', allowForAll: 'Autoriser pour l’organisation', signIn: 'Se connecter', reference: 'Référence : {{id}}', unauthorized: 'Vous n’êtes pas connecté.', consent: 'Image Pro a besoin de votre autorisation.', sign_in: 'Vous devez vous reconnecter.', not_set_up: 'Image Pro n’est pas installé dans votre organisation.',
    forbidden: 'Vous n’avez pas le droit de faire cela.', not_found: 'Ce n’est pas là, ou vous n’avez pas le droit de le voir.', conflict: 'Ce n’est pas possible dans l’état actuel.', stale: 'Quelqu’un a été plus rapide.', locked: 'Le fichier est verrouillé.', unsupported: 'Ce n’est pas une image modifiable.',
    too_large: 'C’est trop grand.', busy: 'Le service est occupé. Réessayez dans un instant.', full: 'Il n’y a plus de place dans la bibliothèque.', misconfigured: 'Image Pro n’est pas bien configuré.', offline: 'Il n’y a pas de connexion.', invalid: 'Quelque chose n’est pas encore correct.', internal: 'Une erreur est survenue.',
  },
};

export default fr;
