import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Shows what a change will make of a list before the answer has come, and takes it back if it is refused. For changes
 * that are made with a condition, so that what is shown is what will be, or nothing is changed.
 */
export const optimistic = <L>(queries: QueryClient, key: QueryKey, change: (list: L) => L) => ({
  onMutate: async (): Promise<{ before?: L }> => {
    await queries.cancelQueries({ queryKey: key });
    const before = queries.getQueryData<L>(key);
    if (before) queries.setQueryData(key, change(before));
    return { before };
  },
  onError: (_problem: Error, _wish: unknown, held: { before?: L } | undefined) => {
    queries.setQueryData(key, held?.before);
  },
  onSettled: () => queries.invalidateQueries({ queryKey: key }),
});
