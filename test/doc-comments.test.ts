// What a user can name has a doc comment of its own, and so has what can be seen of it.

import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const entries = ['node', 'stompjs'].map((name) => join(root, 'packages', name, 'src/index.ts'));
const program = ts.createProgram(entries, {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

test.each(entries)('%s', (entry) => {
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
  expect(exported.length).toBeGreaterThan(3);
  expect(exported.flatMap(undocumented)).toEqual([]);
});

function undocumented(symbol: ts.Symbol): string[] {
  const named = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const members = (named.declarations ?? []).flatMap((one) =>
    ts.isClassDeclaration(one) || ts.isInterfaceDeclaration(one) ? [...one.members].filter(isVisible) : [],
  );
  const own = members.map((one) => checker.getSymbolAtLocation(one.name!)!);
  return [named, ...own].filter((one) => !isDocumented(one)).map((one) => `${named.name}: ${one.name}`);
}

/** Neither hidden from users, nor told of where it is declared first. */
function isVisible(member: ts.ClassElement | ts.TypeElement): boolean {
  if (member.name === undefined || ts.isPrivateIdentifier(member.name)) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  return (ts.getCombinedModifierFlags(member) & hidden) === 0;
}

function isDocumented(symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0;
}
