import { describe, expect, it } from 'vitest';
import { known, meant, shortcuts } from './keys';

describe('the keys', () => {
  it.each([
    ['N', 'KeyN', 'n'], ['т', 'KeyN', 'n'], ['م', 'KeyL', 'l'], ['ח', 'KeyJ', 'j'], ['Escape', 'Escape', 'Escape'],
    // A Latin keyboard says by itself which letter it is, wherever that stands.
    ['w', 'KeyZ', 'w'], ['/', 'Digit7', '/'], ['F9', 'F9', 'F9'],
  ])('takes %s at %s for %s', (key, code, name) => {
    expect(meant({ key, code })).toBe(name);
  });

  it('lists of two that are the same the one that works', () => {
    const act = (): void => undefined;
    const under = shortcuts([{ key: 's', label: 'keys.silence', act }, { key: 'Escape', label: 'keys.close', act }]);
    const over = shortcuts([{ key: 's', label: 'keys.silence', act }, { key: 'Escape', label: 'keys.nothing', act }]);
    expect(known().map((each) => each.label)).toEqual(['keys.silence', 'keys.nothing']);
    over();
    expect(known().map((each) => each.label)).toEqual(['keys.silence', 'keys.close']);
    under();
    expect(known()).toEqual([]);
  });
});
