const formatter = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** An RFC 3339 time in the visitor's own time zone; the text itself where it is not a time. */
export function formatTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : formatter.format(time);
}
