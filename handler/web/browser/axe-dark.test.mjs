import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookAtAll } from './every-page.mjs';

test('axe finds nothing on any page, in the dark theme', async () => assert.deepEqual(await lookAtAll('dark'), []));
