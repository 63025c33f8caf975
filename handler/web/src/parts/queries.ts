import { useQuery } from '@tanstack/react-query';
import { all, body } from '../api/client';
import { useApp } from '../context';

/** The recipes with names of the organization. */
export function usePresets() {
  const { api } = useApp();
  return useQuery({
    queryKey: ['presets'],
    queryFn: () =>
      all(
        (cursor) => body(api.typed.GET('/presets', { params: { query: { limit: 200, cursor } } })),
        (page) => page.presets,
      ),
  });
}
