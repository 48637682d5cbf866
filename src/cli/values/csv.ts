/**
 * The fields of one line of comma-separated values (RFC 4180): a field in double quotes may hold
 * commas, and a quote as two. Undefined if a quote is not closed or stands inside a plain field.
 */
export function csvFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    if (line[at] !== '"') {
      const comma = line.indexOf(",", at);
      const end = comma === -1 ? line.length : comma;
      const field = line.slice(at, end);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at = end + 1;
      continue;
    }
    let field = "";
    at++;
    for (;;) {
      const quote = line.indexOf('"', at);
      if (quote === -1) return undefined;
      field += line.slice(at, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      field += '"';
      at++;
    }
    if (at < line.length && line[at] !== ",") return undefined;
    fields.push(field);
    at++;
  }
  return fields;
}
