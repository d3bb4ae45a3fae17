# Definitions on top of the native filters. A definition sees those before it, and itself; where one
# wraps a native filter of its own name, the native is aliased first.

def empty: {}[] as $x | .;
def error: error_empty as $x | .;
def error(message): (message | error_empty) as $x | .;
def select(condition): if condition then . else empty end;

def _limit($count; f): limit($count; f);
def limit($count; f):
  if $count < 0 then error("limit doesn't support negative count") else _limit($count; f) end;
def _skip($count; f): skip($count; f);
def skip($count; f):
  if $count < 0 then error("skip doesn't support negative count") else _skip($count; f) end;

def range($from; $to; $by): _range($from; $to; $by);
def range($from; $to): _range($from; $to; 1);
def range($to): _range(0; $to; 1);
def repeat(f): def again: f, again; again;
def recurse(f): def deeper: ., (f | deeper); deeper;
def recurse: recurse(.[]?);
def recurse(f; condition): def deeper: ., (f | select(condition) | deeper); deeper;
def while(condition; update):
  def next: if condition then ., (update | next) else empty end; next;
def until(condition; update): def next: if condition then . else update | next end; next;

def first: .[0];
def last: .[-1];
def nth($index): .[$index];
def nth($index; f):
  if $index < 0 then error("nth doesn't support negative indices") else first(skip($index; f)) end;
def isempty(f): first((f | false), true);
def all(f; condition): isempty(f | condition and empty);
def any(f; condition): isempty(f | condition or empty) | not;
def all(condition): all(.[]; condition);
def any(condition): any(.[]; condition);
def all: all(.[]; .);
def any: any(.[]; .);

def getpath($path): reduce $path[] as $key (.; .[$key]);
def paths: path(..) | select(length > 0);
def paths(condition): path(.. | select(condition)) | select(length > 0);
def del(paths): delpaths([path(paths)]);
def pick(paths): . as $whole | reduce path(paths) as $path (null; setpath($path; $whole | _getpath($path)));

def map(f): [.[] | f];
def map_values(f): .[] |= f;
def add(f): reduce f as $item (null; . + $item);
def in(whole): . as $key | whole | has($key);
def inside(whole): . as $part | whole | contains($part);
def flatten: _flatten(1e9);
def flatten($depth): _flatten($depth);
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def combinations:
  if length == 0 then [] else .[0][] as $head | (.[1:] | combinations) as $tail | [$head] + $tail end;
def combinations($count): . as $items | [range($count)] | map($items) | combinations;

def from_entries:
  reduce .[] as $entry ({};
    . + ($entry | {
      (.key // .Key // .name // .Name): (if has("value") then .value else .Value end)
    }));
def with_entries(f): to_entries | map(f) | from_entries;
def walk(f):
  def deeper:
    if type == "object" then map_values(deeper)
    elif type == "array" then map(deeper)
    else . end | f;
  deeper;

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def finites: select(isfinite);
def normals: select(isnormal);

def indices($part): _indices($part);
def index($part): _indices($part) | .[0];
def rindex($part): _indices($part) | .[-1:] | .[0];
def trimstr($text): ltrimstr($text) | rtrimstr($text);
def capture(regex): match(regex) | _named_captures;
def capture(regex; flags): match(regex; flags) | _named_captures;
def scan($regex; $flags):
  match($regex; "g" + $flags)
  | if .captures == [] then .string else [.captures[].string] end;
def scan($regex): scan($regex; null);
def splits($regex; flags): split($regex; flags) | .[];
def splits($regex): splits($regex; null);
def sub($regex; replacement; $flags): _sub($regex; replacement; $flags);
def sub($regex; replacement): _sub($regex; replacement; null);
def gsub($regex; replacement; $flags): _sub($regex; replacement; $flags + "g");
def gsub($regex; replacement): _sub($regex; replacement; "g");

def format($name):
  if $name == "text" then @text elif $name == "json" then @json
  elif $name == "csv" then @csv elif $name == "tsv" then @tsv
  elif $name == "html" then @html elif $name == "uri" then @uri elif $name == "urid" then @urid
  elif $name == "sh" then @sh elif $name == "base64" then @base64
  elif $name == "base64d" then @base64d
  else error("\($name | if type == "string" then . else "\(type) (\(tojson))" end) is not a valid format")
  end;

def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todate: todateiso8601;
def fromdate: fromdateiso8601;
def localtime: gmtime;

def fma($x; $y; $z): $x | _multiply_add($y; $z);

def IN(f): any(f == .; .);
def IN(source; f): any(source == f; .);
def INDEX(source; key): reduce source as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; source; key): source | [., $index[key]];
def JOIN($index; source; key; combine): source | [., $index[key]] | combine;

def tostream:
  path(def deeper: (.[]? | deeper), .; deeper) as $path
  | _getpath($path)
  | reduce path(.[]?) as $child ([$path, .]; [$path + $child]);
def fromstream(events):
  {done: false, value: null} as $start
  | foreach events as $event ($start;
      if .done then $start else . end
      | if $event | length == 2
        then .done = ($event[0] | length == 0)
          | if .done then .value = $event[1] else .value |= setpath($event[0]; $event[1]) end
        else .done = ($event[0] | length == 1) end;
      if .done then .value else empty end);
def truncate_stream(events):
  . as $depth | null
  | events | . as $event
  | if (.[0] | length) > $depth then setpath([0]; $event[0][$depth:]) else empty end;

def env: $ENV;
def input: error("break");
def inputs: empty;
def debug: .;
def debug(message): (message | empty), .;
def stderr: .;
def input_filename: null;
def input_line_number: error("Unknown input line number");
def halt: _halt;
def halt_error: _halt;
def halt_error($code): _halt;
def get_search_list: [];
def have_decnum: true;
def have_literal_numbers: true;
