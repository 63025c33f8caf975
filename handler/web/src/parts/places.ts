interface Image {
  driveId: string;
  itemId: string;
}

const below = (page: string, { driveId, itemId }: Image): string =>
  `/${page}/${encodeURIComponent(driveId)}/${encodeURIComponent(itemId)}`;

/** Where pages are in the tab. */
export const pictureAt = (image: Image): string => below('picture', image);
export const editorAt = (image: Image): string => below('edit', image);
export const folderAt = (driveId: string, folderId: string): string => below('library', { driveId, itemId: folderId });

export const bulkAt = (draft: string): string => `/bulk/${draft}`;

/** Where a picture is in the API. */
export const imagePath = (image: Image): string => `/api${below('images', image)}`;
