import type { Api, Job } from './client';

/** An event of a stream, as it stands in the text. */
export interface ServerEvent {
  event: string;
  data: string;
}

/** Takes a text of server-sent events apart as it comes, and gives what is whole. */
export class EventParser {
  private rest = '';

  push(text: string): ServerEvent[] {
    const blocks = (this.rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.rest = blocks.pop() ?? '';
    return blocks.map(parse).filter((event) => event !== undefined);
  }
}

function parse(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return data.length ? { event, data: data.join('\n') } : undefined;
}

/**
 * Follows a bulk edit until it is over or the signal says so. The stream ends now and then and is asked for again; a
 * browser's EventSource would send no token.
 */
export async function follow(api: Api, id: string, onJob: (job: Job) => void, signal: AbortSignal): Promise<void> {
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 10_000)) {
    try {
      const response = await api.get(`/api/bulk-edits/${encodeURIComponent(id)}/events`, { signal });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        for (const event of parser.push(value)) {
          wait = 500;
          onJob(JSON.parse(event.data) as Job);
          if (event.event === 'end') return;
        }
      }
    } catch {
      if (signal.aborted) return;
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}
