import { Skeleton, SkeletonItem } from '@fluentui/react-components';

/** What stands there until something does. */
export function Waiting() {
  return (
    <Skeleton aria-label="…" style={{ padding: 24, display: 'grid', gap: 12 }}>
      <SkeletonItem size={32} style={{ maxWidth: 280 }} />
      <SkeletonItem size={16} />
      <SkeletonItem size={16} />
      <SkeletonItem size={128} />
    </Skeleton>
  );
}
