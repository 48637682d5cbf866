import { expect, test } from "bun:test";
import { layOutList, type List } from "./list.ts";
import { tabulate } from "./tabulate.ts";

const list: List = {
  type: "thing",
  titles: { ID: "THING ID", Name: "NAME", Size: "SIZE", Label: "" },
  table: "table {{.ID}}\\t{{.Name}}",
  quiet: "{{.ID}}",
};

function rows(): Record<string, unknown>[] {
  const labels: Record<string, string> = { "com.example.some-thing": "yes" };
  return [
    { ID: "1", Name: "a name that is long", Size: "1B", Label: (name: string) => labels[name] ?? "" },
    { ID: "22", Name: "", Size: "10GB", Label: (_name: string) => "" },
  ];
}

const show = (format: string | undefined, quiet = false): string =>
  layOutList(list, format, quiet).whole(rows());

test("columns are at least 10 wide, three spaces apart, the last one as long as it is", () => {
  expect(show("")).toBe("THING ID   NAME\n1          a name that is long\n22         \n");
  expect(show("table {{.Size}}\\t{{.Name}}\\t{{.ID}}")).toBe(
    "SIZE      NAME                  THING ID\n1B        a name that is long   1\n10GB                            22\n",
  );
});

test("functions leave titles alone, and titles of labels are their last part", () => {
  expect(show('table {{upper .Name}} {{.Label "com.example.some-thing"}}')).toBe(
    "NAME some thing\nA NAME THAT IS LONG yes\n \n",
  );
});

test("quiet shows ids; a template wins over it", () => {
  expect(show(undefined, true)).toBe("1\n22\n");
  expect(show("table", true)).toBe("1\n22\n");
  expect(show("{{.Size}}\\n-", true)).toBe("1B\n-\n10GB\n-\n");
});

test("json is a line a row, by the names of the fields", () => {
  expect(show("json")).toBe(
    '{"ID":"1","Name":"a name that is long","Size":"1B"}\n{"ID":"22","Name":"","Size":"10GB"}\n',
  );
});

test("nothing is printed for no rows, but a table's titles", () => {
  expect(layOutList(list, "{{.ID}}").whole([])).toBe("");
  expect(layOutList(list, "").whole([])).toBe("THING ID   NAME\n");
});

test("getters are not asked for what is not shown", () => {
  const row = {
    ID: "1",
    get Size(): string {
      throw new Error("asked");
    },
  };
  expect(layOutList(list, "{{.ID}}").whole([row])).toBe("1\n");
  expect(() => layOutList(list, "{{.Size}}").whole([row])).toThrow("asked");
});

test("a field that is none is named before anything is printed", () => {
  expect(() => show("{{.Nome}}")).toThrow("can't evaluate field Nome in type thing");
  expect(() => show("{{.Label}}")).toThrow("wrong number of args for Label: want 1 got 0");
  expect(() => show("{{.ID")).toThrow("template parsing error: template: :1: unclosed action");
});

test("a column ends where lines have no cell in it", () => {
  expect(tabulate("a\tb\tc\nlonger than ten\tb\tc\n-\na\tb\n")).toBe(
    "a                 b         c\nlonger than ten   b         c\n-\na         b\n",
  );
});
