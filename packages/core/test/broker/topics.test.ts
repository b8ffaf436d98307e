import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesTopic, TopicTree } from '../../src/broker/index.js';

function visited(tree: TopicTree<string>, topic: string): string[] {
  const seen: string[] = [];
  tree.visit(topic.split('.'), (listener) => seen.push(listener));
  return seen.sort();
}

describe('TopicTree', () => {
  it('calls each listener once for each of its patterns that match', () => {
    const tree = new TopicTree<string>();
    for (const pattern of ['a.b', 'a.*', '#', 'x']) tree.add(pattern.split('.'), `L ${pattern}`);
    tree.add(['a', 'b'], 'other');
    tree.add(['#'], 'other');
    expect(visited(tree, 'a.b')).toEqual(['L #', 'L a.*', 'L a.b', 'other', 'other']);
  });

  it('forgets who was removed, and only that one', () => {
    const tree = new TopicTree<string>();
    tree.add(['a', 'b'], 'one');
    tree.add(['a', 'b'], 'two');
    tree.add(['a'], 'three');
    tree.remove(['a', 'b'], 'one');
    expect(visited(tree, 'a.b')).toEqual(['two']);
    tree.remove(['a', 'b'], 'two');
    tree.remove(['a', 'b', 'c'], 'nobody');
    tree.remove(['a', 'b'], 'two');
    expect(visited(tree, 'a.b')).toEqual([]);
    expect(visited(tree, 'a')).toEqual(['three']);
  });

  it('lets a listener leave while it is being called', () => {
    const tree = new TopicTree<string>();
    for (const listener of ['one', 'two', 'three']) tree.add(['a'], listener);
    const seen: string[] = [];
    tree.visit(['a'], (listener) => {
      seen.push(listener);
      tree.remove(['a'], listener);
    });
    expect(seen).toEqual(['one', 'two', 'three']);
  });

  it('knows patterns of more tokens than it has levels', () => {
    const tree = new TopicTree<string>();
    const long = 'a.b.c.d.e.f.g.h';
    for (const pattern of [long, `${long}.#`, `${long}.i.*`, `${long}.i.j`, `${long}.j.#`])
      tree.add(pattern.split('.'), pattern);
    expect(visited(tree, `${long}.i.j`)).toEqual([`${long}.#`, `${long}.i.*`, `${long}.i.j`]);
    expect(visited(tree, long)).toEqual([long, `${long}.#`]);
    tree.remove(`${long}.i.*`.split('.'), `${long}.i.*`);
    expect(visited(tree, `${long}.i.j`)).toEqual([`${long}.#`, `${long}.i.j`]);
  });

  it('agrees with matchesTopic, whatever was added and removed', () => {
    const token = fc.constantFrom('a', 'b');
    const pattern = fc
      .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 11 }), fc.boolean())
      .map(([tokens, rest]) => (rest ? [...tokens, '#'] : tokens));
    const topic = fc.array(token, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(pattern, fc.boolean()), { maxLength: 12 }), topic, (patterns, tokens) => {
        const tree = new TopicTree<number>();
        patterns.forEach(([one], index) => tree.add(one, index));
        patterns.forEach(([one, leaves], index) => leaves && tree.remove(one, index));
        const seen: number[] = [];
        tree.visit(tokens, (index) => seen.push(index));
        const expected = patterns.flatMap(([one, leaves], index) =>
          !leaves && matchesTopic(one, tokens) ? [index] : [],
        );
        expect(seen.sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
