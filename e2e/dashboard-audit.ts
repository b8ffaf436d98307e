// What is wrong with a page for those who see little or nothing of it. The functions run in the page, so each brings
// along all that it needs.

/** The controls, pictures and regions without a name. */
export function unnamedControls(): string[] {
  const wanted = 'button, a, input, textarea, [role="img"], [role="region"]';
  return [...document.querySelectorAll<HTMLElement>(wanted)]
    .filter((element) => nameOf(element) === '')
    .map((element) => element.outerHTML.slice(0, 120));

  function nameOf(element: HTMLElement): string {
    const labelledBy = element.getAttribute('aria-labelledby');
    const labels =
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null;
    return (
      element.getAttribute('aria-label') ??
      (labelledBy === null ? undefined : document.getElementById(labelledBy)?.textContent) ??
      (labels === null ? element.textContent : [...labels].map((label) => label.textContent).join(' '))
    ).trim();
  }
}

/** The visible texts whose contrast with what is behind them is below `least`; those of disabled controls too. */
export function lowContrast(least: number): string[] {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent?.trim() ?? '';
    if (element === null || text === '' || !element.checkVisibility()) continue;
    if (element.closest('noscript') !== null) continue;
    const ratio = contrast(luminance(getComputedStyle(element).color), luminance(behind(element)));
    if (ratio < least) found.push(`${ratio.toFixed(2)} ${text}`);
  }
  return found;

  function behind(element: Element | null): string {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return /^rgb\(/.test(color) ? color : behind(element.parentElement);
  }

  // WCAG 2.2, "relative luminance" and "contrast ratio".
  function luminance(color: string): number {
    const parts = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  }

  function contrast(one: number, other: number): number {
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }
}
