import type { Api } from '../api/client';

const minute = 60_000;

/** Lets the browser save what is at an address of the API. */
export async function saveFile(api: Api, path: string, name: string): Promise<void> {
  const url = await api.picture(path);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), minute); // by then it has been read
}
