export default {
  common: { cancel: 'Cancel', save: 'Save', close: 'Close', more: 'Show more' },
  shell: {
    skip: 'Skip to the content', places: 'Image Pro', pictures: 'Pictures', jobs: 'Bulk edits', schedules: 'Schedules', presets: 'Presets', help: 'Help',
    account: 'Account of {{name}}', privacy: 'Privacy', signOut: 'Sign out',
  },
  home: { hello: 'Hello, {{name}}', tabs: 'Tabs of your organization', open: 'Open a library', show: 'Show pictures' },
  picker: {
    site: 'Find a site', siteHint: 'Part of its name, or its address', sites: 'Sites', none: 'No site was found.', library: 'Library', choose: 'Choose',
    folder: 'Folder: {{path}}', up: 'Up', noFolders: 'No folders in here.',
  },
  gallery: {
    library: 'Library', trail: 'Where you are', find: 'Find by name', view: 'View', sort: 'Sort by', layout: 'Layout', editFolder: 'Edit all', folders: 'Folders', images: 'Pictures',
    by_name: 'Name', by_modified: 'Changed', by_taken: 'Taken', by_size: 'Size', ascending: 'ascending', descending: 'descending', order: '{{by}}, {{way}}',
    layout_grid: 'Grid', layout_masonry: 'In their own shapes', layout_carousel: 'One at a time', layout_list: 'List',
    selection: 'Selection', selected_one: '{{count}} picture selected', selected_other: '{{count}} pictures selected', select: 'Select', selectAll: 'Select all {{total}}', selectNone: 'Clear',
    editSelected: 'Edit', previous: 'Previous', next: 'Next', of: '{{at}} of {{total}}',
    empty: 'There are no pictures here yet.', onlyFolders: 'There are folders here, and no pictures.', nothingFound: 'No picture has such a name.', other: 'Choose another library',
  },
  details: {
    label: 'Details', close: 'Close the details', edit: 'Edit', download: 'Download', copy: 'Copy link', copied: 'The link was copied.', facts: 'Facts', properties: 'Description', versions: 'Versions',
    size: 'Size', pixels: 'Pixels', format: 'Format', frames: 'Frames', taken: 'Taken', camera: 'Camera', lens: 'Lens', exposure: 'Exposure', creator: 'Creator', copyright: 'Copyright',
    profile: 'Colour profile', place: 'Place', modified: 'Changed', created: 'Added',
    title: 'Title', altText: 'Alternative text', altTextHint: 'What somebody should know who cannot see the picture', caption: 'Caption', credit: 'Credit', tags: 'Tags', tagsHint: 'Separated by commas',
    save: 'Save', saved: 'The description was saved.', current: 'present', restore: 'Restore', restoreVersion: 'Restore version {{version}}', restored: 'The version was restored.',
  },
  editor: {
    actions: 'Actions', tools: 'Tools', undo: 'Undo', redo: 'Redo', reset: 'Undo everything', compare: 'Before and after', more: 'Apply to more pictures', copy: 'Save a copy', save: 'Save', saved: '{{name}} was saved.',
    close: 'Close the editor', leave: 'Your changes are not saved. Leave anyway?', itsFolder: 'the folder of the picture', canvas: '{{name}}, being edited', opening: 'Opening the picture', saving: 'Saving',
    changedBy: '{{who}} has changed the picture meanwhile ({{at}}). Save a copy to keep your work, or load the new one.', reload: 'Load the new one',
    panel_crop: 'Crop', panel_turn: 'Turn', panel_light: 'Light and colour', panel_filters: 'Filters', panel_draw: 'Draw', panel_text: 'Text',
    left: 'Left', right: 'Right', flipX: 'Flip sideways', flipY: 'Flip upside down', width: 'Thickness', free: 'Freehand', line: 'Line', shapes: 'Add a shape', shape_rect: 'Rectangle', shape_circle: 'Circle', shape_triangle: 'Triangle',
    sample: 'Text', addText: 'Add text', remove: 'Remove what is chosen', keys: 'Arrows move what is chosen, or the frame; plus and minus make it larger or smaller; Delete removes it.', cropHint: 'Drag the frame, or choose a shape.', crop: 'Crop to the frame',
  },
  look: {
    brightness: 'Brightness', contrast: 'Contrast', saturation: 'Saturation', vibrance: 'Vibrance', hue: 'Hue', pixelate: 'Pixelate', noise: 'Noise', grayscale: 'Greyscale', sepia: 'Sepia', vintage: 'Vintage',
    kodachrome: 'Kodachrome', technicolor: 'Technicolor', polaroid: 'Polaroid', brownie: 'Brownie', blackWhite: 'Black and white', invert: 'Negative', sharpen: 'Sharpen', emboss: 'Relief',
  },
  bulk: {
    title: 'Edit many pictures', nothing: 'Choose pictures first: select some in a library, or take a whole folder.', choose: 'Choose pictures', pictures: 'Pictures',
    images_one: '{{count}} picture', images_other: '{{count}} pictures', folder: 'All pictures of “{{name}}”', recursive: 'Also of the folders in it', onlyNames: 'Only names like', onlyNamesHint: '* stands for anything: IMG_*', onlySince: 'Only changed since', recipe: 'What is to be done', preset: 'Begin with a preset', noPreset: 'None',
    savePreset: 'Save as a preset', saving: 'How it is saved', newVersion: 'As a new version of each picture', copy: 'As a copy', copyName: 'Name of the copies', copyHint: '{{name}}, {{width}} and {{counter}} stand for what they say.',
    onConflict: 'If the name is taken', report: 'report it', skip: 'skip the picture', keepDates: 'Keep the time of the last change', start: 'Start', dryRun: 'Try without saving', schedule: 'Schedule', preview: 'Preview',
  },
  recipe: {
    steps: 'Steps', add: 'Add a step', up: '{{step}}: earlier', down: '{{step}}: later', remove: '{{step}}: remove', output: 'The file', format: 'Format', keepFormat: 'As it is', quality: 'Quality', metadata: 'What the file says of itself',
    metadata_keep: 'Keep all', metadata_copyright: 'Keep the copyright only', metadata_none: 'Remove all', stripGps: 'Remove the place',
  },
  step: {
    resize: 'Resize', crop: 'Crop', rotate: 'Rotate', flip: 'Flip', adjust: 'Light and colour', autoLevels: 'Automatic levels', filter: 'Filter', sharpen: 'Sharpen', blur: 'Blur', text: 'Text', trim: 'Trim edges', border: 'Border',
    roundCorners: 'Round corners', pixelate: 'Pixelate', shape: 'Shape', redact: 'Hide a part',
  },
  field: {
    width: 'Width', height: 'Height', fit: 'Fit', withoutEnlargement: 'Never enlarge', aspectRatio: 'Shape', gravity: 'Where', angle: 'Angle, clockwise', axis: 'Direction', brightness: 'Brightness', contrast: 'Contrast', saturation: 'Saturation',
    vibrance: 'Vibrance', temperature: 'Warmth', highlights: 'Highlights', shadows: 'Shadows', exposure: 'Exposure', channels: 'Remove colour casts', name: 'Filter', sigma: 'Radius', amount: 'Amount', text: 'Text',
    textHint: '{{year}}, {{creator}} and {{name}} stand for what they say.', size: 'Size', color: 'Colour', bold: 'Bold', threshold: 'Tolerance', radius: 'Radius',
  },
  option: {
    inside: 'Within', outside: 'At least', cover: 'Fill, cut off the rest', contain: 'Within, with margins', fill: 'Stretch', smart: 'Where it matters most', center: 'Middle', north: 'Top', northeast: 'Top right', east: 'Right', southeast: 'Bottom right',
    south: 'Bottom', southwest: 'Bottom left', west: 'Left', northwest: 'Top left', horizontal: 'Sideways', vertical: 'Upside down', both: 'Both', grayscale: 'Greyscale', sepia: 'Sepia', vintage: 'Vintage', brownie: 'Brownie', kodachrome: 'Kodachrome',
    technicolor: 'Technicolor', polaroid: 'Polaroid', blackWhite: 'Black and white', invert: 'Negative', vignette: 'Vignette',
  },
  preview: { before: '{{name}}, before', after: '{{name}}, after' },
  jobs: { title: 'Bulk edits', none: 'You have not edited many pictures at once yet.', counts: '{{edited}} of {{planned}} edited, {{failed}} not possible' },
  job: {
    kind_edit: 'Bulk edit', kind_dryRun: 'Trial', kind_undo: 'Undo', state_planning: 'looking for pictures', state_running: 'at work', state_paused: 'paused', state_waitingForSignIn: 'waiting for you to sign in', state_done: 'done',
    state_failed: 'failed', state_cancelled: 'cancelled', begun: 'Begun {{at}}.', ended: 'Ended {{at}}.', of: 'It belongs to another bulk edit.', show: 'Show it', progress: 'Progress', share: '{{share}} done',
    looking_one: 'Looking for pictures: {{count}} so far', looking_other: 'Looking for pictures: {{count}} so far', done: '{{done}} of {{planned}}.', pace: '{{rate}} a minute, ready {{end}}.',
    edited: 'Edited', wouldEdit: 'Would be edited', unchanged: 'Unchanged', skipped: 'Skipped', conflict: 'Changed meanwhile', failed: 'Failed', waiting: 'Waiting', saved: '{{before}} became {{after}}: {{share}} less.', undone: '{{before}} became {{after}} again.', wouldSave: '{{before}} would become {{after}}: {{share}} less.',
    pause: 'Pause', resume: 'Go on', cancel: 'Cancel', undo: 'Undo', retry: 'Try the failed ones again', report: 'Report', previews: 'Before and after', items: 'Pictures', filter: 'Show', everything: 'all',
    column_name: 'Name', column_result: 'Result', column_before: 'Before', column_after: 'After',
  },
  warning: {
    alphaFlattened: 'Transparency was filled.', chromaHalved: 'Colours have half the resolution.', colorsReduced: 'Colours were reduced.', credentialDropped: 'The content credentials were removed.', depthReduced: '16 bits became 8.', framesDropped: 'Only the first frame was taken.',
    metadataDropped: 'Some of what the file says was lost.', orientationKept: 'It was not turned, as that would have cost quality.', processed: 'It was done before.', profileDropped: 'The colour profile was damaged.', profileKept: 'The colour profile stayed.',
    progressiveMissing: 'It is not progressive.', qualityReduced: 'The quality was lowered.', savingsTooSmall: 'It would not have been much smaller.', textMissing: 'Some letters are missing.',
  },
  schedules: {
    title: 'Schedules', none: 'Nothing is planned. Choose pictures, then “Schedule”.', name: 'Name', start: 'First time', rhythm: 'Repeat', once: 'once', daily: 'every day', weekdays: 'on working days', weekly: 'every week', monthly: 'every month',
    onlyChanged: 'Only new and changed pictures', saved: 'The schedule was saved.', removed: 'The schedule was removed.', next: 'Next {{at}}', over: 'Over', last: 'The last one', active: 'Active', remove: 'Remove {{name}}',
  },
  presets: {
    title: 'Presets', about: 'Recipes with names, for everybody of your organization.', none: 'There are none yet.', add: 'Add a preset', name: 'Name', saved: 'The preset was saved.', removed: 'The preset was removed.', change: 'Change {{name}}', remove: 'Remove {{name}}',
  },
  configuration: {
    title: 'What the tab shows', name: 'Title', captions: 'Under each picture', captions_none: 'Nothing', captions_name: 'Its name', captions_title: 'Its title', captions_caption: 'Its caption',
  },
  privacy: {
    title: 'Privacy', about: 'Pictures stay in your SharePoint. This is what Image Pro keeps beside them, what for, and how long.', kept: 'What is kept', never: 'What is never touched', eraseMe: 'Erase my data', eraseMeQuestion: 'Your bulk edits are cancelled, and everything that is kept of you is erased. It takes some minutes and cannot be undone.',
    eraseAll: 'Erase the organization’s data', eraseAllQuestion: 'Everything that is kept of all users of your organization is erased: tabs, presets, descriptions, bulk edits. It cannot be undone.', erasing: 'Erasing …', erased: 'Everything was erased {{at}}.',
  },
  problem: {
    again: 'Try again', allow: 'Allow', allowForAll: 'Allow for the organization', signIn: 'Sign in', reference: 'Reference: {{id}}', unauthorized: 'You are not signed in.', consent: 'Image Pro needs your permission.', sign_in: 'You have to sign in again.', not_set_up: 'Image Pro is not set up in your organization.',
    forbidden: 'You may not do this.', not_found: 'It is not there, or you may not see it.', conflict: 'It cannot be done as it is now.', stale: 'Somebody was faster.', locked: 'The file is locked.', unsupported: 'This is no picture that can be edited.',
    too_large: 'This is too large.', busy: 'The service is busy. Try again in a moment.', full: 'There is no space left in the library.', misconfigured: 'Image Pro is not set up correctly.', offline: 'There is no connection.', invalid: 'Something is not right yet.', internal: 'Something went wrong.',
  },
};
