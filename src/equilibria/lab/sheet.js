// One record of the laboratory as a page: question, figure with its scrubber, theory and measurement, answer.

const WORDS = {
  en: { theory: "theory", here: "here", claim: "claim", holds: "holds", fails: "does not hold", play: "Play", pause: "Pause", other: "中文", source: "Source", settings: "Settings", seconds: "s on one thread" },
  zh: { theory: "理论", here: "这里", claim: "论断", holds: "成立", fails: "不成立", play: "播放", pause: "暂停", other: "English", source: "来源", settings: "设置", seconds: "秒（单线程）" },
};
const record = JSON.parse(document.getElementById("record").textContent);
const root = document.getElementById("sheet");
let language = record.language, place = record.opens, timer = 0;

function frame() {
  return draw(record.frames[place].figure, language);
}

function show() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.title = say(record.question, language);
  const other = element("button", { type: "button" }, words.other);
  other.addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; show(); });
  const holder = element("div", { id: "figure" }, frame());
  const rows = record.claims.map((claim) => element("tr", claim.holds ? {} : { class: "fails" },
    element("td", {}, say(claim.sentence, language)), element("td", {}, claim.theory), element("td", {}, claim.measured),
    element("td", {}, claim.holds ? words.holds : words.fails)));
  const head = element("tr", {}, ...[words.claim, words.theory, words.here, ""].map((word) => element("th", { scope: "col" }, word)));
  const settings = Object.entries(record.settings).map(([name, value]) => `${name} = ${value}`).join(", ");
  root.replaceChildren(
    element("header", {}, element("h1", {}, say(record.question, language)), other),
    element("p", { class: "source" }, `${words.source}: ${record.source}`),
    ...scrubber(holder, words), holder,
    element("div", { class: "scroll" }, element("table", { class: "claims" }, element("thead", {}, head), element("tbody", {}, ...rows))),
    element("p", { class: "answer" }, say(record.answer, language)),
    element("p", { class: "source" }, `${words.settings}: ${settings}. ${record.command}. ${number(record.seconds)} ${words.seconds}; equilibria ${record.version}`),
  );
}

function scrubber(holder, words) {
  if (record.frames.length < 2) return [];
  const range = element("input", { type: "range", min: 0, max: record.frames.length - 1, step: 1, id: "at" });
  const label = element("label", { for: "at" }), button = element("button", { type: "button" }, words.play);
  const move = (to) => {
    place = to;
    range.value = to;
    const at = record.frames[place].at;
    label.textContent = `${say(record.scrub, language)}: ${typeof at === "string" ? at : number(at)}`;
    holder.replaceChildren(frame());
  };
  const stop = () => { clearInterval(timer); timer = 0; button.textContent = words.play; };
  range.addEventListener("input", () => { stop(); move(Number(range.value)); });
  button.addEventListener("click", () => {
    if (timer) return stop();
    button.textContent = words.pause;
    timer = setInterval(() => move((place + 1) % record.frames.length), 500);
  });
  stop();
  move(place);
  return [element("div", { class: "scrubber" }, button, range, label)];
}

show();
