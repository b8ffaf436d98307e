// Who listens to which topic: a tree of tokens, walked once per message.

interface Node<T> {
  children: Map<string, Node<T>>;
  listeners: Set<T>;
}

/** Subscribers by pattern. */
export class TopicTree<T> {
  private readonly root: Node<T> = newNode();

  add(pattern: readonly string[], listener: T): void {
    let node = this.root;
    for (const token of pattern) {
      let child = node.children.get(token);
      if (child === undefined) node.children.set(token, (child = newNode()));
      node = child;
    }
    node.listeners.add(listener);
  }

  /** Removes a listener, and the branch if it was the last there. */
  remove(pattern: readonly string[], listener: T): void {
    const path = [this.root];
    for (const token of pattern) {
      const child = path.at(-1)!.children.get(token);
      if (child === undefined) return;
      path.push(child);
    }
    path.at(-1)!.listeners.delete(listener);
    for (let depth = path.length - 1; depth > 0; depth--) {
      const node = path[depth]!;
      if (node.listeners.size > 0 || node.children.size > 0) return;
      path[depth - 1]!.children.delete(pattern[depth - 1]!);
    }
  }

  /** Calls `visit` for each listener of a topic, once for each of its patterns that match. */
  visit(topic: readonly string[], visit: (listener: T) => void): void {
    this.walk(this.root, topic, 0, visit);
  }

  private walk(node: Node<T>, topic: readonly string[], at: number, visit: (listener: T) => void): void {
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
}

function newNode<T>(): Node<T> {
  return { children: new Map(), listeners: new Set() };
}
