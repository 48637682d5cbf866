import { describe, expect, test } from "bun:test";
import { formatInspected } from "./inspect.ts";

const volume = {
  CreatedAt: "2024-05-01T10:00:00Z",
  Driver: "local",
  Labels: { "a.b": "x", zeta: "<1>", alpha: "" },
  Mountpoint: "/v/one",
  Name: "one",
  Options: { type: "tmpfs", o: "size=1m" },
  Scope: "local",
  UsageData: { Size: 1234567, RefCount: 3 },
  Status: {
    n: 5,
    f: 1.5,
    big: 1e21,
    small: 0.00001,
    list: ["a", 1, null, true],
    nested: { x: { y: "deep" } },
    nil: null,
    t: true,
    e: [],
    s: 'héllo "q"',
    em: {},
  },
};

/** What docker 28 prints for `docker volume inspect --format TEMPLATE` of the volume above; E is an error. */
const answers: readonly (readonly [template: string, answer: string])[] = [
  ["{{.Name}}", "one"],
  ["{{.Labels}}", "map[a.b:x alpha: zeta:<1>]"],
  ["{{json .Labels}}", '{"a.b":"x","alpha":"","zeta":"<1>"}'],
  [
    "{{.Status}}",
    'map[big:1e+21 e:[] em:map[] f:1.5 list:[a 1 <nil> true] n:5 nested:map[x:map[y:deep]] nil:<nil> s:héllo "q" small:1e-05 t:true]',
  ],
  [
    "{{json .Status}}",
    '{"big":1e+21,"e":[],"em":{},"f":1.5,"list":["a",1,null,true],"n":5,"nested":{"x":{"y":"deep"}},"nil":null,"s":"héllo \\"q\\"","small":0.00001,"t":true}',
  ],
  ["{{.Status.nope}}", "<no value>"],
  ["{{.Status.nope.more}}", "<no value>"],
  [
    "{{.Bad}}",
    'E template parsing error: template: :1:2: executing "" at <.Bad>: can\'t evaluate field Bad in type volume.Volume',
  ],
  [
    "{{.Name.Bad}}",
    'E template parsing error: template: :1:7: executing "" at <.Name.Bad>: can\'t evaluate field Bad in type string',
  ],
  ["{{.Status.nested.x.y}}", "deep"],
  ['{{index .Labels "a.b"}}', "x"],
  ['{{index .Labels "none"}}|', "|"],
  ['{{index .Status "none"}}', "<no value>"],
  ["{{index .Status.list 1}}", "1"],
  [
    "{{index .Status.list 9}}",
    'E template parsing error: template: :1:2: executing "" at <index .Status.list 9>: error calling index: index out of range: 9',
  ],
  ["{{.Status.nil}}", "<no value>"],
  [
    "{{.Status.nil.x}}",
    'E template parsing error: template: :1:9: executing "" at <.Status.nil.x>: nil pointer evaluating interface {}.x',
  ],
  ["{{range .Status.list}}[{{.}}]{{end}}", "[a][1][<no value>][true]"],
  ["{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b=x;alpha=;zeta=<1>;"],
  ["{{range $i, $v := .Status.list}}{{if $i}}, {{end}}{{$v}}{{end}}", "a, 1, <no value>, true"],
  ["{{range .Status.e}}x{{else}}none{{end}}", "none"],
  ["{{range $k,$v := .Status}}{{$k}} {{end}}", "big e em f list n nested nil s small t "],
  ["{{len .Labels}} {{len .Name}} {{len .Status.s}} {{len .Status.list}}", "3 3 10 4"],
  ['{{upper .Name}} {{lower "ABC"}} {{title "hello world-x it\'s"}}', "ONE abc Hello World-X It'S"],
  ['{{split "a,b,c" ","}}', "[a b c]"],
  ['{{json (split "a,b" ",")}}', '["a","b"]'],
  ["{{pad .Name 2 3}}|", "  one   |"],
  ['{{truncate "abcdef" 3}}', "abc"],
  ["{{truncate .Name 30}}", "one"],
  [
    '{{printf "%s-%5s|%-5s|%05d|%x|%q|%v|%t|%.2f|%%" .Name "ab" "cd" 42 255 "q" .Labels true 3.14159}}',
    'one-   ab|cd   |00042|ff|"q"|map[a.b:x alpha: zeta:<1>]|true|3.14|%',
  ],
  ['{{printf "%d" "x"}}', "%!d(string=x)"],
  ['{{printf "%s" 5}}', "%!s(int=5)"],
  ['{{printf "%d %d" 1}}', "1 %!d(MISSING)"],
  ['{{printf "%d" 1 2}}', "1%!(EXTRA int=2)"],
  ['{{printf "%v %+v" .Status.list .Status.nested}}', "[a 1 <nil> true] map[x:map[y:deep]]"],
  ['{{printf "%#v" "x"}}', '"x"'],
  ["{{println .Name 1 true}}", "one 1 true\n"],
  ['{{print 1 2 "a" 3 4}}', "1 2a3 4"],
  ['{{print "a" "b"}}', "ab"],
  ["{{html \"<a href='x'>&\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;"],
  ['{{js "it\'s <b>"}}', "it\\'s \\u003Cb\\u003E"],
  ['{{urlquery "a b&c/é"}}', "a+b%26c%2F%C3%A9"],
  [
    '{{eq .Name "one"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}} {{eq 3 1 2 3}}',
    "true true true true true false true",
  ],
  [
    '{{eq 1 "a"}}',
    'E template parsing error: template: :1:2: executing "" at <eq 1 "a">: error calling eq: incompatible types for comparison',
  ],
  [
    "{{lt .Name 1}}",
    'E template parsing error: template: :1:2: executing "" at <lt .Name 1>: error calling lt: incompatible types for comparison',
  ],
  ['{{and 1 0}} {{and 1 2}} {{or 0 "" 3}} {{not 0}} {{and true (eq 1 1)}}', "0 2 3 true true"],
  ["{{if and .Name (gt (len .Labels) 1)}}yes{{else}}no{{end}}", "yes"],
  ["{{if .Status.nope}}a{{else if .Name}}b{{else}}c{{end}}", "b"],
  ["{{with .Status.nested}}{{.x.y}} {{$.Name}}{{end}}", "deep one"],
  ["{{with $x := .Name}}{{$x}}{{end}}", "one"],
  ["{{with .Status.nope}}a{{else with .Name}}b {{.}}{{end}}", "b one"],
  ["{{$a := 1}}{{$a}}{{$a = 2}}{{$a}}", "12"],
  [
    "{{if true}}{{$a := 3}}{{$a}}{{end}}{{$a}}",
    'E template parsing error: template: :1: undefined variable "$a"',
  ],
  ["a  {{- .Name -}}  b", "aoneb"],
  ["{{/* c */}}x{{- /* d */ -}} y", "xy"],
  ['{{ .Name | printf "%s-%s" "pre" | upper }}', "PRE-ONE"],
  ["{{(index .Status.list 0)}}", "a"],
  ['{{(index .Status "nested").x}}', "map[y:deep]"],
  [
    "{{\"lit\\t\\u00e9\"}} {{`raw\\n`}} {{'a'}} {{0x1F}} {{1e3}} {{1.5}} {{-3}} {{017}} {{1_000}}",
    "lit\té raw\\n 97 31 1000 1.5 -3 15 1000",
  ],
  ["{{.Status.f}} {{.Status.big}} {{.Status.small}} {{.Status.n}}", "1.5 1e+21 1e-05 5"],
  ["{{foo}}", 'E template parsing error: template: :1: function "foo" not defined'],
  ["{{.Name", "E template parsing error: template: :1: unclosed action"],
  ["{{if .Name}}", "E template parsing error: template: :1: unexpected EOF"],
  ["{{end}}", "E template parsing error: template: :1: unexpected {{end}}"],
  ["{{.Name}}{{else}}", "E template parsing error: template: :1: unexpected {{else}}"],
  ["{{range}}x{{end}}", "E template parsing error: template: :1: missing value for range"],
  ["{{$x}}", 'E template parsing error: template: :1: undefined variable "$x"'],
  ["{{.Name | 5}}", "E template parsing error: template: :1: non executable command in pipeline stage 2"],
  [
    "{{5 .Name}}",
    'E template parsing error: template: :1:2: executing "" at <5>: can\'t give argument to non-function 5',
  ],
  [
    "{{.Name .Driver}}",
    'E template parsing error: template: :1:2: executing "" at <.Name>: Name has arguments but cannot be invoked as function',
  ],
  ['{{"abc}}', "E template parsing error: template: :1: unterminated quoted string"],
  ["{{.Name | foo}}", 'E template parsing error: template: :1: function "foo" not defined'],
  ["{{break}}", "E template parsing error: template: :1: {{break}} outside {{range}}"],
  [
    "{{range .Status.list}}{{if eq . 1}}{{break}}{{end}}{{.}}{{end}}",
    'E template parsing error: template: :1:27: executing "" at <eq . 1>: error calling eq: incompatible types for comparison',
  ],
  ["{{range $i, $e := .Status.list}}{{if eq $i 1}}{{continue}}{{end}}{{$e}} {{end}}", "a <no value> true "],
  ["{{range 3}}{{.}}{{end}}", "012"],
  [
    "{{range .Name}}x{{end}}",
    'E template parsing error: template: :1:8: executing "" at <.Name>: range can\'t iterate over one',
  ],
  ['{{define "T"}}<{{.}}>{{end}}{{template "T" .Name}}', "<one>"],
  ['{{block "B" .Name}}[{{.}}]{{end}}', "[one]"],
  [
    '{{template "none"}}',
    'E template parsing error: template: :1:11: executing "" at <{{template "none"}}>: template "none" not defined',
  ],
  ['{{slice .Name 1 2}} {{slice "abc" 1}}', "n bc"],
  [
    "{{len 3}}",
    'E template parsing error: template: :1:2: executing "" at <len 3>: error calling len: len of type int',
  ],
  [
    "{{index 3 1}}",
    'E template parsing error: template: :1:2: executing "" at <index 3 1>: error calling index: can\'t index item of type int',
  ],
  ["{{true}} {{false}}", "true false"],
  ["{{.UsageData.Size}}", "1234567"],
  ["{{.Status.em}}", "map[]"],
  ["{{.Status.e}}", "[]"],
  ["{{.Status.t}}", "true"],
  ["{{not .Status.nope}}", "true"],
  ["{{json .Status.nope}}", "null"],
  ["{{json .Status.s}}", '"héllo \\"q\\""'],
  ['{{printf "%q" .Status.s}}', '"héllo \\"q\\""'],
  ["{{.Options.type}}", "tmpfs"],
  [
    "{{split .Name}}",
    'E template parsing error: template: :1:2: executing "" at <split>: wrong number of args for split: want 2 got 1',
  ],
  [
    "{{len .Status.nil}}",
    'E template parsing error: template: :1:2: executing "" at <len .Status.nil>: error calling len: len of nil pointer',
  ],
  [
    "{{and}}",
    'E template parsing error: template: :1:2: executing "" at <and>: wrong number of args for and: want at least 1 got 0',
  ],
  [
    "{{not}}",
    'E template parsing error: template: :1:2: executing "" at <not>: wrong number of args for not: want 1 got 0',
  ],
  [
    "{{eq 1}}",
    'E template parsing error: template: :1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison',
  ],
  [
    "{{ .Name }}\n{{.Bad}}",
    'E template parsing error: template: :2:2: executing "" at <.Bad>: can\'t evaluate field Bad in type volume.Volume',
  ],
  ['{{join .Status.nope ","}}|', "|"],
];

describe("templates are Go's, with docker's functions", () => {
  for (const [template, answer] of answers)
    test(template, () => {
      expect(answerTo(template)).toBe(answer);
    });
});

function answerTo(template: string): string {
  try {
    return formatInspected([structuredClone(volume)], template, "volume.Volume").replace(/\n$/, "");
  } catch (error) {
    return `E ${(error as Error).message}`;
  }
}

test("a null in a struct is an empty list or map, or nil", () => {
  const format = (template: string): string =>
    formatInspected([{ Config: { Cmd: null, Labels: null }, Init: null }], template, "thing");
  expect(format("{{.Config.Cmd}} {{.Config.Labels}} {{.Config.Labels.x}}")).toBe("[] map[] <no value>\n");
  expect(format("{{.Config}} {{len .Config.Cmd}} {{json .Config.Cmd}}")).toBe("{[] map[]} 0 null\n");
});

test("an unknown field names those there are", () => {
  expect(() => formatInspected([{ Id: "1", Names: [] }], "{{.ID}}", "image")).toThrow(
    expect.objectContaining({
      message:
        'template parsing error: template: :1:2: executing "" at <.ID>: can\'t evaluate field ID in type image',
      hint: "there are .Id, .Names",
    }),
  );
});

test("without a template it is a list in JSON", () => {
  expect(formatInspected([{ A: [1] }], "", "x")).toBe(
    '[\n    {\n        "A": [\n            1\n        ]\n    }\n]\n',
  );
  expect(formatInspected([{ A: [1] }, { A: [] }], "json", "x")).toBe('[{"A":[1]},{"A":[]}]\n');
  expect(formatInspected([{ A: [1] }], "{{json .A}}", "x")).toBe("[1]\n");
});
