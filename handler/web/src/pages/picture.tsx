import { useQuery } from '@tanstack/react-query';
import { body } from '../api/client';
import { useApp } from '../context';
import { Details } from '../parts/details';
import { Failure } from '../parts/failure';
import { Waiting } from '../parts/waiting';

/** Where a link to one picture leads. */
export default function Picture({ driveId, itemId }: { driveId: string; itemId: string }) {
  const { api } = useApp();
  const image = useQuery({
    queryKey: ['image', itemId],
    queryFn: () => body(api.typed.GET('/images/{driveId}/{itemId}', { params: { path: { driveId, itemId } } })),
  });
  if (image.error) return <Failure problem={image.error} again={image.refetch} />;
  if (!image.data) return <Waiting />;
  return <Details entry={image.data} />;
}
