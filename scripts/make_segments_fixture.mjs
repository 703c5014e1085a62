// Makes tests/fixtures/segments.json: texts whose segments were counted by somebody else's
// calculator, so that our counting is not checked by our own idea of it.
//
//   cd "$(mktemp -d)" && npm install sms-segments-calculator@1.3.0
//   node PROJECT/scripts/make_segments_fixture.mjs "$PWD" > PROJECT/tests/fixtures/segments.json
//
// A text is kept as a list of pieces; a number repeats the piece before it that many times.
// Characters of several code points (flags, joined emoji) are left out: the calculator never
// cuts them, the standard and we count them by UTF-16 units.
import { createRequire } from "node:module";
import { join } from "node:path";

const COUNT = 2600;
const require = createRequire(join(process.argv[2], "package.json"));
const { SegmentedMessage } = require("sms-segments-calculator");

let state = 20261124;
function random(below) { // mulberry32
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

const CYRILLIC = [..."абвгдежзийклмнопрстуфхцчшщъыьэюяёАБЮЯ"];
const LATIN = [..."abcdefghijklmnopqrstuvwxyzABYZ0123456789 .,:;!?-+()/'\"@$_"];
const NATIONAL = [..."§£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ¿äöñüà\n"];
const EXTENSION = [..."^{}\\[~]|€"];
const TYPED = [..."`«»№—–…’“„\u00a0çÁ→₽"];
const EMOJI = [..."😀🎓📚🏫🎉𝄞"];
const MIXES = [
  [LATIN], [LATIN, NATIONAL], [LATIN, EXTENSION], [LATIN, NATIONAL, EXTENSION], [EXTENSION],
  [CYRILLIC], [CYRILLIC, LATIN], [CYRILLIC, LATIN, TYPED], [CYRILLIC, EXTENSION],
  [CYRILLIC, EMOJI], [LATIN, EMOJI], [EMOJI], [LATIN, TYPED], [CYRILLIC, LATIN, TYPED, EMOJI],
];
const LIMITS = [70, 67, 134, 201, 268, 335, 160, 153, 306, 459, 612];

function piece(mix) {
  let text = "";
  for (let n = 1 + random(9); n > 0; n--) text += pick(pick(mix));
  return text;
}

function pieces(mix) {
  const target = random(5) ? pick(LIMITS) - 5 + random(11) : 1 + random(320);
  const filler = pick(pick(mix));
  const list = [];
  let length = 0;
  while (length < target) {
    const room = target - length;
    if (random(2) && room > 12) {
      const times = Math.max(1, Math.floor((random(room) + 1) / filler.length));
      list.push(filler, times);
      length += filler.length * times;
    } else {
      const next = [...piece(mix)].slice(0, room).join("");
      list.push(next);
      length += next.length;
    }
  }
  return list;
}

function expand(list) {
  return list.map((item, at) => (typeof item === "number" ? list[at - 1].repeat(item - 1) : item)).join("");
}

const rows = [];
for (let n = 0; n < COUNT; n++) {
  const list = pieces(MIXES[n % MIXES.length]);
  const counted = new SegmentedMessage(expand(list));
  rows.push([list, counted.encodingName === "GSM-7" ? "gsm7" : "ucs2", counted.segmentsCount]);
}
process.stdout.write("[\n" + rows.map((row) => JSON.stringify(row)).join(",\n") + "\n]\n");
