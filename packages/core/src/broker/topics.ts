// Who listens to which topic: a tree of tokens, walked once per message.

import { matchesTopic } from './destination.js';

/** Below so many tokens the rest of a pattern is one branch: hardly any are longer, and each token costs a node. */
const DEEPEST = 8;

interface Node<T> {
  children: Map<string, Node<T>>;
  listeners: Set<T>;
  /** The tokens that it stands for, where that may be several. */
  rest?: readonly string[];
}

/** Subscribers by pattern. */
export class TopicTree<T> {
  private readonly root: Node<T> = newNode();

  add(pattern: readonly string[], listener: T): void {
    let node = this.root;
    for (const branch of branches(pattern)) {
      let child = node.children.get(branch);
      if (child === undefined) node.children.set(branch, (child = newNode()));
      node = child;
    }
    if (pattern.length > DEEPEST) node.rest ??= pattern.slice(DEEPEST);
    node.listeners.add(listener);
  }

  /** Removes a listener, and the branch if it was the last there. */
  remove(pattern: readonly string[], listener: T): void {
    const path = [this.root];
    const names = branches(pattern);
    for (const branch of names) {
      const child = path.at(-1)!.children.get(branch);
      if (child === undefined) return;
      path.push(child);
    }
    path.at(-1)!.listeners.delete(listener);
    for (let depth = path.length - 1; depth > 0; depth--) {
      const node = path[depth]!;
      if (node.listeners.size > 0 || node.children.size > 0) return;
      path[depth - 1]!.children.delete(names[depth - 1]!);
    }
  }

  /** Calls `visit` for each listener of a topic, once for each of its patterns that match. */
  visit(topic: readonly string[], visit: (listener: T) => void): void {
    this.walk(this.root, topic, 0, visit);
  }

  private walk(node: Node<T>, topic: readonly string[], at: number, visit: (listener: T) => void): void {
    if (at === DEEPEST) return this.visitDeepest(node, topic.slice(at), visit);
    node.children.get('#')?.listeners.forEach(visit);
    if (at === topic.length) {
      node.listeners.forEach(visit);
      return;
    }
    const exact = node.children.get(topic[at]!);
    if (exact !== undefined) this.walk(exact, topic, at + 1, visit);
    const any = node.children.get('*');
    if (any !== undefined) this.walk(any, topic, at + 1, visit);
  }

  private visitDeepest({ children, listeners }: Node<T>, left: readonly string[], visit: (listener: T) => void): void {
    if (left.length === 0) listeners.forEach(visit);
    for (const child of children.values()) if (matchesTopic(child.rest!, left)) child.listeners.forEach(visit);
  }
}

function branches(pattern: readonly string[]): readonly string[] {
  if (pattern.length <= DEEPEST) return pattern;
  return [...pattern.slice(0, DEEPEST), pattern.slice(DEEPEST).join('.')];
}

function newNode<T>(): Node<T> {
  return { children: new Map(), listeners: new Set() };
}
