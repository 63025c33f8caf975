import type { UseMutationResult } from '@tanstack/react-query';
import { useRef } from 'react';

/**
 * Makes a call that is not to be made twice, and leads elsewhere: another press, which may come before the page is
 * drawn anew, does nothing. After a failure it can be made again. Returns whether the call was made.
 */
export function useSingle<R, V>(
  mutation: UseMutationResult<R, Error, V>,
): (variables: V, then: (result: R) => void) => boolean {
  const running = useRef(false);
  return (variables, then) => {
    if (running.current) return false;
    running.current = true;
    mutation.mutate(variables, {
      onSuccess: then,
      onError: () => {
        running.current = false;
      },
    });
    return true;
  };
}
