// The frame of a small drawing that says what a button does; screen readers are told by the button.

import type { ComponentChildren } from 'preact';

interface IconProps {
  children: ComponentChildren;
  /** The width of its lines, of 16. */
  line?: number;
}

export function Icon({ children, line = 1.5 }: IconProps) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width={line}
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}
