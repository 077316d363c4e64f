// Keeps the page in step with the phone and the directory, and carries out what is tapped.
const page = document.body.dataset;
const byId = (id) => document.getElementById(id);
const thread = byId("thread");
const scroll = byId("scroll");

// --- times, in the reader's own clock -------------------------------------------------------

const short = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function fromNow(moment) {
  const seconds = (moment - Date.now()) / 1000;
  if (Math.abs(seconds) < 60) return "just now";
  if (Math.abs(seconds) > 60 * 86400) return day.format(moment);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each);
  return relative.format(Math.round(seconds / size), unit);
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (time.classList.contains("when")) time.textContent = fromNow(moment);
    else time.textContent = (time.classList.contains("exact") ? exact : short).format(moment);
  }
}

function tellTheTime() {
  const parts = short.formatToParts().filter(({ type }) => type === "hour" || type === "minute");
  const now = parts.map(({ value }) => value).join(":");
  for (const clock of document.querySelectorAll(".clock")) clock.textContent = now;
  for (const date of document.querySelectorAll(".date")) date.textContent = long.format();
  if (byId("account")) tellTimes(byId("account"));
}

// --- what comes in --------------------------------------------------------------------------

function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  tellTimes(template.content);
  return template.content.firstElementChild;
}

function isComing(bubble) {
  return bubble !== null && bubble.dataset.look === "coming";
}

function showBubble({ id, html }) {
  const old = byId(id);
  const fresh = elementOf(html);
  const appears = old === null || (isComing(old) && !isComing(fresh));
  if (appears) fresh.classList.add("fresh");
  if (old === null) thread.append(fresh);
  else old.replaceWith(fresh);
  byId("hint").hidden = true;
  if (appears) {
    scroll.scrollTop = scroll.scrollHeight;
    announce(fresh);
  }
  offerPaste();
}

function announce(bubble) {
  if (bubble.classList.contains("mine") || isComing(bubble)) return;
  byId("news").textContent = `New text: ${bubble.querySelector(".words").textContent}`;
}

function showLine(html) {
  const list = byId("lines-scroll");
  byId("lines").append(elementOf(html));
  list.scrollTop = list.scrollHeight;
  byId("nothing").hidden = true;
}

function showAccount(html) {
  byId("account").innerHTML = html;
  tellTimes(byId("account"));
}

function listen() {
  const source = new EventSource(`/phones/${page.key}/events?since=${page.since}`);
  source.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    for (const bubble of news.bubbles ?? []) showBubble(bubble);
    for (const line of news.lines ?? []) showLine(line);
    if (news.account) showAccount(news.account);
  });
}

// --- what goes out --------------------------------------------------------------------------

async function post(path, given) {
  const answer = await fetch(`/phones/${page.key}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(given),
  });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status}`);
  return answer.json();
}

async function sendText(body) {
  if (body.trim() === "") return;
  try {
    await post("texts", { body });
  } catch {
    byId("news").textContent = "The text could not be sent: the simulator does not answer.";
  }
}

function minded(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

minded(byId("composer"), () => {
  const input = byId("body");
  sendText(input.value);
  input.value = "";
  input.focus();
});

for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => sendText(chip.dataset.text));
}

// --- the computer ---------------------------------------------------------------------------

const glass = byId("glass");
const MUST_CHOOSE = ["must_change", "password_expired"];
let typed = "";
let afterOk = signInAgain;

function show(scene) {
  glass.dataset.scene = scene;
  for (const each of glass.querySelectorAll(".scene")) each.hidden = each.id !== `scene-${scene}`;
}

function signInAgain(says = "") {
  show("sign-in");
  byId("says").textContent = says;
  byId("password").value = "";
  byId("password").focus();
}

function tell(words, then) {
  byId("told").textContent = words;
  afterOk = then;
  show("told");
  byId("told-ok").focus();
}

function chooseNew(says = "") {
  show("change");
  byId("change").reset();
  byId("change-says").textContent = says;
  byId("new-password").focus();
}

function welcome() {
  typed = "";
  show("desktop");
  byId("welcome").focus();
}

async function signIn(password) {
  typed = password;
  show("working");
  try {
    const { outcome, says } = await post("sign-in", { password });
    if (outcome === "welcome") welcome();
    else if (outcome === "wrong") signInAgain(says);
    else tell(says, MUST_CHOOSE.includes(outcome) ? chooseNew : signInAgain);
  } catch {
    signInAgain("The simulator does not answer.");
  }
}

async function changePassword() {
  const fresh = byId("new-password").value;
  if (fresh !== byId("again").value) return chooseNew("The passwords do not match. Try again.");
  show("working");
  try {
    const { outcome, says } = await post("password", { old: typed, new: fresh });
    if (outcome === "welcome") tell("Your password has been changed.", () => signIn(fresh));
    else tell(says, outcome === "not_good_enough" ? chooseNew : signInAgain);
  } catch {
    chooseNew("The simulator does not answer.");
  }
}

// --- a password in a text -------------------------------------------------------------------

function tokens() {
  return thread.querySelectorAll(".theirs .token");
}

function offerPaste() {
  if (glass) byId("paste").hidden = tokens().length === 0;
}

function fillIn(token) {
  if (!glass) return;
  signInAgain();
  byId("password").value = token.textContent;
  glass.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "center" });
  byId("news").textContent = "The password is in the sign-in box.";
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

thread.addEventListener("click", (event) => {
  const token = event.target.closest(".token");
  if (token) fillIn(token);
});

function peek(button) {
  const input = byId(button.getAttribute("aria-controls"));
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

async function mistype() {
  const button = byId("mistype");
  button.disabled = true;
  signInAgain();
  try {
    const { tries } = await post("wrong-tries", {});
    byId("says").textContent = `A wrong password was typed ${tries} times.`;
  } finally {
    button.disabled = false;
  }
}

if (glass) {
  minded(byId("sign-in"), () => signIn(byId("password").value));
  minded(byId("change"), changePassword);
  byId("told-ok").addEventListener("click", () => afterOk());
  byId("cancel").addEventListener("click", () => signInAgain());
  byId("sign-out").addEventListener("click", () => signInAgain());
  byId("paste").addEventListener("click", () => fillIn([...tokens()].at(-1)));
  byId("mistype").addEventListener("click", mistype);
  for (const button of glass.querySelectorAll(".peek")) {
    button.addEventListener("click", () => peek(button));
  }
}

document.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
tellTimes(document);
tellTheTime();
setInterval(tellTheTime, 10_000);
scroll.scrollTop = scroll.scrollHeight;
byId("lines-scroll").scrollTop = byId("lines-scroll").scrollHeight;
offerPaste();
listen();
