/** Gives the person a file; the shell asks where it goes, or puts it where downloads go. */
export function saveFile(name: string, type: string, parts: readonly string[]): void {
  const address = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has taken the content by its next turn; Firefox wants the address a little longer.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 10_000);
}

/** `activity-2026-11-21T20-13.csv`, by local time. */
export function exportName(format: string, now: number): string {
  const local = new Date(now - new Date(now).getTimezoneOffset() * 60_000).toISOString();
  return `activity-${local.slice(0, 16).replace(':', '-')}.${format}`;
}
