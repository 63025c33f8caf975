import type { Messages } from '.';

const de: Messages = {
  common: {
    cancel: 'Abbrechen', save: 'Speichern', close: 'Schließen', more: 'Mehr anzeigen',
    dismiss: 'Meldung schließen',
  },
  shell: {
    skip: 'Zum Inhalt springen', places: 'Image Pro', pictures: 'Bilder', jobs: 'Serien', schedules: 'Zeitpläne', presets: 'Vorlagen', help: 'Hilfe',
    account: 'Konto von {{name}}', privacy: 'Datenschutz', signOut: 'Abmelden',
  },
  home: { hello: 'Hallo, {{name}}', tabs: 'Registerkarten Ihrer Organisation', open: 'Eine Bibliothek öffnen', show: 'Bilder zeigen' },
  picker: {
    site: 'Website finden', siteHint: 'Teil des Namens oder die Adresse', sites: 'Websites', none: 'Es wurde keine Website gefunden.', library: 'Bibliothek', choose: 'Auswählen',
    folder: 'Ordner: {{path}}', up: 'Nach oben', noFolders: 'Hier sind keine Ordner.',
  },
  gallery: {
    library: 'Bibliothek', trail: 'Wo Sie sind', find: 'Nach Namen suchen', view: 'Ansicht', sort: 'Sortieren nach', layout: 'Anordnung', editFolder: 'Alle bearbeiten', folders: 'Ordner', images: 'Bilder',
    by_name: 'Name', by_modified: 'Geändert', by_taken: 'Aufgenommen', by_size: 'Größe', ascending: 'aufsteigend', descending: 'absteigend', order: '{{by}}, {{way}}',
    sortedLater: 'Nach Namen, bis alle Bilder gelistet sind.', tooManyToSort: 'Nach Namen, da es für eine andere Reihenfolge zu viele Bilder sind.',
    layout_grid: 'Raster', layout_masonry: 'In ihren eigenen Formen', layout_carousel: 'Eins nach dem anderen', layout_list: 'Liste',
    selection: 'Auswahl', selected_one: '{{count}} Bild ausgewählt', selected_other: '{{count}} Bilder ausgewählt', select: 'Auswählen', selectAll: 'Alle {{total}} auswählen', selectNone: 'Aufheben',
    editSelected: 'Bearbeiten', previous: 'Vorheriges', next: 'Nächstes', of: '{{at}} von {{total}}',
    empty: 'Hier sind noch keine Bilder.', onlyFolders: 'Hier sind Ordner und keine Bilder.', nothingFound: 'Kein Bild heißt so.', other: 'Andere Bibliothek wählen',
  },
  details: {
    label: 'Einzelheiten', close: 'Einzelheiten schließen', edit: 'Bearbeiten', download: 'Herunterladen', copy: 'Link kopieren', copied: 'Der Link wurde kopiert.', facts: 'Fakten', properties: 'Beschreibung', versions: 'Versionen',
    size: 'Größe', pixels: 'Pixel', format: 'Format', frames: 'Einzelbilder', taken: 'Aufgenommen', camera: 'Kamera', lens: 'Objektiv', exposure: 'Belichtung', creator: 'Urheber', copyright: 'Copyright',
    profile: 'Farbprofil', place: 'Ort', modified: 'Geändert', created: 'Hinzugefügt',
    title: 'Titel', altText: 'Alternativtext', altTextHint: 'Was jemand wissen sollte, der das Bild nicht sieht', caption: 'Bildunterschrift', credit: 'Bildnachweis', tags: 'Schlagwörter', tagsHint: 'Durch Kommas getrennt',
    save: 'Speichern', saved: 'Die Beschreibung wurde gespeichert.', current: 'aktuell', restore: 'Wiederherstellen', restoreVersion: 'Version {{version}} wiederherstellen', restored: 'Die Version wurde wiederhergestellt.',
  },
  editor: {
    unchanged: 'Es wurde nichts gespeichert: {{name}} bleibt durch die Bearbeitung unverändert.',
    skipped: '{{name}} wurde nicht gespeichert.',
    actions: 'Aktionen', tools: 'Werkzeuge', undo: 'Rückgängig', redo: 'Wiederholen', reset: 'Alles rückgängig machen', compare: 'Vorher und nachher', more: 'Auf weitere Bilder anwenden', copy: 'Kopie speichern', save: 'Speichern', saved: '{{name}} wurde gespeichert.',
    close: 'Editor schließen',
    itsFolder: 'der Ordner des Bildes',
    canvas: '{{name}} in Bearbeitung', opening: 'Bild wird geöffnet', saving: 'Wird gespeichert',
    changedBy: '{{who}} hat das Bild inzwischen geändert ({{at}}). Speichern Sie eine Kopie, um Ihre Arbeit zu behalten, oder laden Sie das neue.', reload: 'Das neue laden',
    panel_crop: 'Zuschneiden', panel_turn: 'Drehen', panel_light: 'Licht und Farbe', panel_filters: 'Filter', panel_draw: 'Zeichnen', panel_text: 'Text',
    left: 'Links', right: 'Rechts', flipX: 'Seitlich spiegeln', flipY: 'Auf den Kopf stellen', width: 'Strichstärke', free: 'Freihand', line: 'Linie', shapes: 'Form hinzufügen', shape_rect: 'Rechteck', shape_circle: 'Kreis', shape_triangle: 'Dreieck',
    sample: 'Text', addText: 'Text hinzufügen', remove: 'Ausgewähltes entfernen', keys: 'Pfeile bewegen das Ausgewählte oder den Rahmen; Plus und Minus machen es größer oder kleiner; Entf entfernt es.', cropHint: 'Ziehen Sie den Rahmen oder wählen Sie eine Form.', crop: 'Auf den Rahmen zuschneiden',
  },
  unsaved: {
    title: 'Änderungen speichern?',
    question: 'Ihre Änderungen an „{{name}}“ wurden noch nicht gespeichert.',
    lost: 'Ihre Änderungen an „{{name}}“ sind nicht gespeichert und gehen verloren, wenn Sie fortfahren.',
    discard: 'Verwerfen',
  },
  look: {
    brightness: 'Helligkeit', contrast: 'Kontrast', saturation: 'Sättigung', vibrance: 'Lebendigkeit', hue: 'Farbton', pixelate: 'Verpixeln', noise: 'Rauschen', grayscale: 'Graustufen', sepia: 'Sepia', vintage: 'Vintage',
    kodachrome: 'Kodachrome', technicolor: 'Technicolor', polaroid: 'Polaroid', brownie: 'Brownie', blackWhite: 'Schwarzweiß', invert: 'Negativ', sharpen: 'Schärfen', emboss: 'Relief',
  },
  bulk: {
    gone: 'Dieser Entwurf ist nicht mehr verfügbar. Entwürfe bleiben, bis Sie das Fenster schließen oder sich abmelden.',
    title: 'Viele Bilder bearbeiten', nothing: 'Wählen Sie zuerst Bilder aus: einige aus einer Bibliothek oder einen ganzen Ordner.', choose: 'Bilder auswählen', pictures: 'Bilder',
    images_one: '{{count}} Bild', images_other: '{{count}} Bilder', folder: 'Alle Bilder von „{{name}}“', recursive: 'Auch die der Ordner darin', onlyNames: 'Nur Namen wie', onlyNamesHint: '* steht für alles: IMG_*', onlySince: 'Nur geändert seit', recipe: 'Was zu tun ist', preset: 'Mit einer Vorlage beginnen', noPreset: 'Keine',
    savePreset: 'Als Vorlage speichern', saving: 'Wie gespeichert wird', newVersion: 'Als neue Version jedes Bildes', copy: 'Als Kopie', copyName: 'Name der Kopien', copyHint: '{{name}}, {{width}} und {{counter}} stehen für das, was sie sagen.',
    onConflict: 'Wenn der Name vergeben ist', report: 'melden', skip: 'Bild auslassen', keepDates: 'Zeitpunkt der letzten Änderung behalten', start: 'Starten', dryRun: 'Probieren, ohne zu speichern', schedule: 'Planen', preview: 'Vorschau',
  },
  recipe: {
    steps: 'Schritte', add: 'Schritt hinzufügen', up: '{{step}}: früher', down: '{{step}}: später', remove: '{{step}}: entfernen', output: 'Die Datei', format: 'Format', keepFormat: 'Wie es ist', quality: 'Qualität', metadata: 'Was die Datei über sich sagt',
    metadata_keep: 'Alles behalten', metadata_copyright: 'Nur das Copyright behalten', metadata_none: 'Alles entfernen', stripGps: 'Ort entfernen',
  },
  step: {
    resize: 'Größe ändern', crop: 'Zuschneiden', rotate: 'Drehen', flip: 'Spiegeln', adjust: 'Licht und Farbe', autoLevels: 'Automatische Tonwerte', filter: 'Filter', sharpen: 'Schärfen', blur: 'Weichzeichnen', text: 'Text', trim: 'Ränder abschneiden', border: 'Rahmen',
    roundCorners: 'Ecken abrunden', pixelate: 'Verpixeln', shape: 'Form', redact: 'Teil verbergen',
  },
  field: {
    undrawable: 'Diese Zeichen können nicht dargestellt werden: {{letters}}',
    width: 'Breite', height: 'Höhe', fit: 'Einpassung', withoutEnlargement: 'Nie vergrößern', aspectRatio: 'Form', gravity: 'Wo', angle: 'Winkel, im Uhrzeigersinn', axis: 'Richtung', brightness: 'Helligkeit', contrast: 'Kontrast', saturation: 'Sättigung',
    vibrance: 'Lebendigkeit', temperature: 'Wärme', highlights: 'Lichter', shadows: 'Schatten', exposure: 'Belichtung', channels: 'Farbstiche entfernen', name: 'Filter', sigma: 'Radius', amount: 'Stärke', text: 'Text',
    textHint: '{{year}}, {{creator}} und {{name}} stehen für das, was sie sagen.', size: 'Größe', color: 'Farbe', bold: 'Fett', threshold: 'Toleranz', radius: 'Radius',
  },
  option: {
    inside: 'Höchstens', outside: 'Mindestens', cover: 'Füllen, Rest abschneiden', contain: 'Höchstens, mit Rändern', fill: 'Verzerren', smart: 'Wo es darauf ankommt', center: 'Mitte', north: 'Oben', northeast: 'Oben rechts', east: 'Rechts', southeast: 'Unten rechts',
    south: 'Unten', southwest: 'Unten links', west: 'Links', northwest: 'Oben links', horizontal: 'Seitlich', vertical: 'Auf den Kopf', both: 'Beides', grayscale: 'Graustufen', sepia: 'Sepia', vintage: 'Vintage', brownie: 'Brownie', kodachrome: 'Kodachrome',
    technicolor: 'Technicolor', polaroid: 'Polaroid', blackWhite: 'Schwarzweiß', invert: 'Negativ', vignette: 'Vignette',
  },
  preview: { before: '{{name}}, vorher', after: '{{name}}, nachher' },
  jobs: { title: 'Serien', none: 'Sie haben noch nicht viele Bilder auf einmal bearbeitet.', counts: '{{edited}} von {{planned}} bearbeitet, {{failed}} nicht möglich' },
  job: {
    apply_one: '{{shown}} Bild bearbeiten', apply_other: '{{shown}} Bilder bearbeiten', settings: 'Einstellungen ändern',
    kind_edit: 'Serie', kind_dryRun: 'Probe', kind_undo: 'Rückgängig', state_planning: 'sucht Bilder', state_running: 'in Arbeit', state_paused: 'angehalten', state_waitingForSignIn: 'wartet auf Ihre Anmeldung', state_done: 'fertig',
    state_failed: 'fehlgeschlagen', state_cancelled: 'abgebrochen', begun: 'Begonnen {{at}}.', ended: 'Beendet {{at}}.', of: 'Sie gehört zu einer anderen Serie.', show: 'Anzeigen', progress: 'Fortschritt', share: '{{share}} erledigt',
    looking_one: 'Sucht Bilder: bisher {{count}}', looking_other: 'Sucht Bilder: bisher {{count}}', done: '{{done}} von {{planned}}.', pace: '{{rate}} in der Minute, fertig {{end}}.',
    edited: 'Bearbeitet', wouldEdit: 'Würden bearbeitet', unchanged: 'Unverändert', skipped: 'Ausgelassen', conflict: 'Inzwischen geändert', failed: 'Fehlgeschlagen', waiting: 'Wartet', saved: 'Aus {{before}} wurden {{after}}: {{share}} weniger.', undone: 'Aus {{before}} wurden wieder {{after}}.', wouldSave: 'Aus {{before}} würden {{after}}: {{share}} weniger.',
    pause: 'Anhalten', resume: 'Weiter', cancel: 'Abbrechen', undo: 'Rückgängig machen', retry: 'Fehlgeschlagene noch einmal versuchen', report: 'Bericht', previews: 'Vorher und nachher', items: 'Bilder', filter: 'Zeigen', everything: 'alle',
    column_name: 'Name', column_result: 'Ergebnis', column_before: 'Vorher', column_after: 'Nachher',
  },
  warning: {
    alphaFlattened: 'Durchsichtiges wurde gefüllt.', chromaHalved: 'Farben haben die halbe Auflösung.', colorsReduced: 'Farben wurden verringert.', depthReduced: 'Aus 16 Bit wurden 8.', framesDropped: 'Nur das erste Einzelbild wurde genommen.',
    metadataDropped: 'Manches, was die Datei sagt, ging verloren.', orientationKept: 'Es wurde nicht gedreht, da das Qualität gekostet hätte.', processed: 'Es war schon bearbeitet.', profileDropped: 'Das Farbprofil war beschädigt.', profileKept: 'Das Farbprofil blieb.',
    progressiveMissing: 'Es ist nicht progressiv.', qualityReduced: 'Die Qualität wurde gesenkt.', savingsTooSmall: 'Es wäre nicht viel kleiner geworden.', overwroteChange: 'Jemand hat im selben Moment gespeichert. Dessen Inhalt ist die Version darunter.',
  },
  schedules: {
    title: 'Zeitpläne', none: 'Nichts ist geplant. Wählen Sie Bilder aus, dann „Planen“.', name: 'Name', start: 'Erstes Mal', rhythm: 'Wiederholen', once: 'einmal', daily: 'jeden Tag', weekdays: 'an Werktagen', weekly: 'jede Woche', monthly: 'jeden Monat',
    onlyChanged: 'Nur neue und geänderte Bilder', saved: 'Der Zeitplan wurde gespeichert.', removed: 'Der Zeitplan wurde entfernt.', next: 'Nächstes Mal {{at}}', over: 'Vorbei', last: 'Das letzte Mal', active: 'Aktiv', remove: '{{name}} entfernen',
  },
  presets: {
    fresh: 'Neue Vorlage',
    title: 'Vorlagen', about: 'Rezepte mit Namen, für alle in Ihrer Organisation.', none: 'Es gibt noch keine.', add: 'Vorlage hinzufügen', name: 'Name', saved: 'Die Vorlage wurde gespeichert.', removed: 'Die Vorlage wurde entfernt.', change: '{{name}} ändern', remove: '{{name}} entfernen',
  },
  configuration: {
    title: 'Was die Registerkarte zeigt', name: 'Titel', captions: 'Unter jedem Bild', captions_none: 'Nichts', captions_name: 'Sein Name', captions_title: 'Sein Titel', captions_caption: 'Seine Bildunterschrift',
  },
  privacy: {
    title: 'Datenschutz', about: 'Bilder bleiben in Ihrem SharePoint. Das hier behält Image Pro daneben, wozu und wie lange.', kept: 'Was behalten wird', never: 'Was nie berührt wird', eraseMe: 'Meine Daten löschen', eraseMeQuestion: 'Ihre Serien werden abgebrochen, und alles, was über Sie gespeichert ist, wird gelöscht. Das dauert einige Minuten und lässt sich nicht rückgängig machen.',
    eraseAll: 'Daten der Organisation löschen', eraseAllQuestion: 'Alles, was über alle Benutzer Ihrer Organisation gespeichert ist, wird gelöscht: Registerkarten, Vorlagen, Beschreibungen, Serien. Das lässt sich nicht rückgängig machen.', erasing: 'Wird gelöscht …', erased: 'Alles wurde gelöscht, {{at}}.',
  },
  problem: {
    unsupportedEdit: 'Diese Bearbeitung ist nicht möglich.',
    again: 'Noch einmal versuchen', allow: 'Erlauben', allowForAll: 'Für die Organisation erlauben', signIn: 'Anmelden', reference: 'Kennung: {{id}}', unauthorized: 'Sie sind nicht angemeldet.', consent: 'Image Pro braucht Ihre Erlaubnis.', sign_in: 'Sie müssen sich erneut anmelden.', not_set_up: 'Image Pro ist in Ihrer Organisation nicht eingerichtet.',
    forbidden: 'Das dürfen Sie nicht.', not_found: 'Es ist nicht da, oder Sie dürfen es nicht sehen.', conflict: 'So wie es jetzt ist, geht es nicht.', stale: 'Jemand war schneller.', locked: 'Die Datei ist gesperrt.', unsupported: 'Das ist kein Bild, das bearbeitet werden kann.',
    too_large: 'Das ist zu groß.', busy: 'Der Dienst ist ausgelastet. Versuchen Sie es gleich noch einmal.', full: 'In der Bibliothek ist kein Platz mehr.', misconfigured: 'Image Pro ist nicht richtig eingerichtet.', offline: 'Es gibt keine Verbindung.', invalid: 'Etwas stimmt noch nicht.', internal: 'Etwas ist schiefgegangen.',
  },
};

export default de;
