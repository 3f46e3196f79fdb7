"use strict";
/*
 * Shows the results that stand in this page as JSON (reports/results.schema.json).
 *
 * What a case or a kernel said comes in only as text nodes and attribute values,
 * never as markup.  Rows of the matrix are made at once, what opens below them
 * when it is opened.
 */

const VERDICTS = new Map([
	["conforms", "✓"],
	["deviates", "✗"],
	["known deviation", "≈"],
	["not applicable", "–"],
	["not tested", "?"],
]);
const APPLICABLE = ["conforms", "known deviation", "deviates", "not tested"];
const PROFILES = ["posix", "freebsd", "linux"];
const CLASSES = {
	posix: "posix: required everywhere",
	shared: "shared: not POSIX, but the same on both systems",
	differs: "differs: the systems document it differently",
	freebsd: "freebsd: exists there only",
	linux: "linux: exists there only",
};
const PRIORITIES = { 1: "1: heart of the page", 2: "2: common", 3: "3: corner" };
const ROWS_AT_FIRST = 20;
const ROWS_AT_ONCE = 50; /* of the matrix, laid out together when they come in sight */

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en").format;
const slug = (text) => text.replaceAll(" ", "-");

/* An element; children that are no elements become text. */
function make(tag, attributes, ...children) {
	const element = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes ?? {}))
		if (value !== undefined && value !== false)
			element.setAttribute(name, value === true ? "" : value);
	element.append(...children.flat().filter((child) => child !== undefined && child !== ""));
	return element;
}

function plural(count, one, many = one + "s") {
	return `${number(count)} ${count === 1 ? one : many}`;
}

function duration(seconds) {
	if (seconds === null)
		return "unknown";
	if (seconds < 1)
		return `${Math.round(seconds * 1000)} ms`;
	if (seconds < 120)
		return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/* Rounded down: only what is whole may be called 100 %. */
function percent(part, whole) {
	return whole === 0 ? "–" : `${(Math.floor(part / whole * 1000) / 10).toFixed(1)} %`;
}

function badge(word) {
	return make("span", { class: `badge ${slug(word)}`, "data-sign": VERDICTS.get(word) ?? "•" }, word);
}

/* What the data say, and how they hang together. */

let data, runs, requirements, several;
const numbers = new Map(); /* of requirements, by id */

function privileges(run) {
	const { privileged_cases: yes, unprivileged_cases: no } = run.privileges;

	if (yes > 0 && no > 0)
		return `mixed: ${plural(yes, "case")} as super-user, ${number(no)} not`;
	if (yes > 0)
		return "super-user";
	return no > 0 ? "ordinary user" : "unknown";
}

function understand(text) {
	data = JSON.parse(text);
	requirements = data.requirements;
	requirements.forEach((requirement, i) => numbers.set(requirement.id, i));
	several = data.runs.length > 1;
	runs = data.runs.map((run, i) => ({
		...run,
		name: several ? `Run ${i + 1}` : "This run",
		kernel: run.os === "" ? "unknown kernel" : `${run.os} ${run.release}`,
		user: privileges(run),
	}));
}

/* For each requirement of a run what satisfies a test; found once. */
function byRequirement(run, list, ids) {
	const key = `${list}ByRequirement`;

	if (run[key] === undefined) {
		run[key] = new Map();
		for (const item of run[list])
			for (const id of ids(item)) {
				if (!run[key].has(id))
					run[key].set(id, []);
				run[key].get(id).push(item);
			}
	}
	return run[key];
}

function casesOf(run, id) {
	return byRequirement(run, "cases", (item) => item.requirements).get(id) ?? [];
}

function deviationsOf(run, id) {
	return byRequirement(run, "deviations", (item) => [item.requirement]).get(id) ?? [];
}

function differs(i) {
	return runs.some((run) => run.verdicts[i].verdict !== runs[0].verdicts[i].verdict);
}

/* How many requirements that pass the test have each verdict in a run. */
function count(run, test = () => true) {
	const counts = new Map([...VERDICTS.keys()].map((word) => [word, 0]));

	run.verdicts.forEach(({ verdict }, i) => {
		if (test(i))
			counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
	});
	return counts;
}

/* How many apply: the share that conforms is of these, as in report.txt. */
function applicable(counts) {
	return APPLICABLE.reduce((sum, word) => sum + counts.get(word), 0);
}

/* Parts that many sections use. */

function bar(counts) {
	const whole = applicable(counts);
	const element = make("span", { class: "bar", "aria-hidden": "true" });

	for (const word of APPLICABLE)
		if (counts.get(word) > 0) {
			const part = make("i", { class: slug(word) });
			part.style.width = `${100 * counts.get(word) / whole}%`;
			element.append(part);
		}
	return element;
}

function facts(pairs) {
	return make("dl", {}, pairs.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]).flat());
}

function table(columns, rows, attributes = {}) {
	return make("table", attributes,
	    make("thead", {}, make("tr", {}, columns.map((column) =>
	        column instanceof Node ? column : make("th", { scope: "col" }, column)))),
	    make("tbody", {}, rows));
}

/* A table that begins with some of its rows; a button adds the others. */
function longTable(columns, items, row) {
	const all = table(columns, items.slice(0, ROWS_AT_FIRST).map(row));

	if (items.length <= ROWS_AT_FIRST)
		return make("div", { class: "scroll" }, all);
	const button = make("button", { type: "button", class: "more-rows" }, `Show all ${number(items.length)}`);
	button.addEventListener("click", () => {
		all.tBodies[0].append(...items.slice(ROWS_AT_FIRST).map(row));
		all.tBodies[0].rows[ROWS_AT_FIRST].querySelector("button, summary, a")?.focus();
		button.remove();
	});
	return make("div", { class: "scroll" }, all, button);
}

/* Something that is made when it is opened for the first time. */
function folded(title, contents) {
	const element = make("details", {}, make("summary", {}, title));

	element.addEventListener("toggle", () => {
		if (element.open && element.children.length === 1)
			element.append(contents());
	});
	return element;
}

/* What tells a run from the others; the time of its start if nothing else does. */
function peculiarities(run) {
	const traits = [(r) => r.kernel, (r) => `profile ${r.profile}`, (r) => r.user, (r) => r.machine || "unknown machine"];
	const telling = traits.filter((trait) => runs.some((other) => trait(other) !== trait(runs[0])));

	return (telling.length > 0 ? telling : [started]).map((trait) => trait(run));
}

function runHead(run) {
	return make("th", { scope: "col", class: "run-head of-run" },
	    make("span", { class: "run-name" }, several ? run.name : "Verdict"),
	    several ? peculiarities(run).map((line) => make("span", {}, line)) : []);
}

/*
 * The style lays a matrix out as a grid, which takes from its elements what they
 * are: they say it themselves.
 */
function asMatrix(all) {
	const roles = { THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

	all.classList.add("matrix");
	all.setAttribute("role", "table");
	all.style.setProperty("--runs", runs.length);
	for (const element of all.querySelectorAll("thead, tbody, tr, td, th"))
		element.setAttribute("role", roles[element.tagName] ?? (element.scope === "col" ? "columnheader" : "rowheader"));
	return all;
}

/* A button that shows a requirement in the matrix. */
function toRequirement(id) {
	const button = make("button", { type: "button", class: "plain id" }, id);

	if (!numbers.has(id))
		return make("span", { class: "id" }, id);
	button.addEventListener("click", () => reveal(id));
	return button;
}

/* Runs and areas. */

function card(run) {
	const counts = count(run);
	const whole = applicable(counts);
	const keys = [...counts].map(([word, n]) => {
		const item = badge(word);
		item.prepend(`${number(n)} `);
		item.classList.toggle("none", n === 0);
		return make("li", {}, item);
	});

	return make("article", { class: "card" },
	    make("h3", {}, several ? `${run.name}: ${run.kernel}` : run.kernel),
	    make("div", {},
	        make("p", { class: "figure" }, percent(counts.get("conforms"), whole),
	            make("small", {}, `of ${plural(whole, "requirement")} that apply conform`)),
	        bar(counts), make("ul", { class: "keys" }, keys)),
	    facts([
	        ["Profile", run.profile],
	        ["Machine", run.machine || "unknown"],
	        ["Privileges", run.user],
	        ["Kernel build", run.build || "unknown"],
	        ["Suite", run.suite || "unknown"],
	        ["Runner", run.runner || "unknown"],
	        ["Started", started(run)],
	        ["Took", `${duration(run.seconds)}, ${plural(run.cases.length, "case")}`],
	        ["Results", run.results],
	    ]));
}

function started(run) {
	return run.started === "" ? "unknown" : run.started.replace("T", " ").replace("Z", " UTC");
}

function showRuns() {
	$("subject").textContent = several ? plural(runs.length, "run") : `${runs[0].kernel}, profile ${runs[0].profile}`;
	document.title = `Plumbline: ${$("subject").textContent}`;
	$("runs").append(make("div", { class: several ? "cards" : "cards one" }, runs.map(card)));
}

function share(counts) {
	const whole = applicable(counts);

	return make("div", { class: "share" }, bar(counts),
	    make("span", { class: "percent" }, percent(counts.get("conforms"), whole)),
	    make("span", { class: "faint" }, `${number(counts.get("conforms"))} of ${number(whole)}`));
}

function areaRow(head, test) {
	const counts = runs.map((run) => count(run, test));
	const rest = several ? [] : [...counts[0]].map(([, n]) => make("td", { class: "number" }, number(n)));

	return make("tr", {}, make("th", { scope: "row" }, head),
	    counts.map((counted) => make("td", {}, share(counted))), rest);
}

function areaButton(area) {
	const button = make("button", { type: "button", class: "plain", "aria-pressed": "false", "data-area": area }, area);

	button.addEventListener("click", () => {
		state.area = state.area === area ? "" : area;
		changed();
		toSection("requirements");
	});
	return button;
}

function showAreas() {
	const columns = several
	    ? runs.map(runHead)
	    : [make("th", { scope: "col" }, "Conform, of those that apply"),
	        ...[...VERDICTS.keys()].map((word) => make("th", { scope: "col", class: "number" }, word))];
	const all = table(["Area", ...columns], data.areas.map((area) =>
	    areaRow(areaButton(area), (i) => requirements[i].area === area)));

	all.append(make("tfoot", {}, areaRow("all", () => true)));
	$("areas").append(make("p", { class: "remark" }, "What is not tested does not conform. An area's name shows its requirements."),
	    make("div", { class: "scroll" }, all));
	$("areas").hidden = false;
}

/* What opens below a requirement. */

function dedent(text) {
	const lines = text.split("\n");
	const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
	const indent = Math.min(...indents, 80);

	return lines.map((line) => line.slice(indent)).join("\n");
}

function transcript({ head, lines_left_out: left, tail }) {
	const parts = [head];

	if (left > 0)
		parts.push(`... ${plural(left, "line")} left out ...`);
	if (tail !== "")
		parts.push(tail);
	return make("pre", { tabindex: "0" }, dedent(parts.join("\n")));
}

function deviationBlock(deviation) {
	const calls = deviation.transcript;
	const named = ["documented", "expected", "observed", "at", "citation", "case"];
	const pairs = named.filter((name) => deviation[name] !== "")
	    .map((name) => [name[0].toUpperCase() + name.slice(1), make("code", {}, deviation[name])]);
	const block = make("div", { class: deviation.known ? "deviation is-known" : "deviation" },
	    badge(deviation.known ? "known deviation" : "deviates"), facts(pairs));

	if (calls.head !== "")
		block.append(make("h4", {}, "Transcript"), transcript(calls));
	return block;
}

/* The first is shown, the others, of the same on other kinds, on request. */
function deviationBlocks(deviations) {
	const [first, ...others] = deviations.map(deviationBlock);

	if (others.length === 0)
		return first === undefined ? [] : [first];
	return [first, make("details", { class: "more" },
	    make("summary", {}, `${plural(others.length, "more case")} saw it`), others)];
}

function caseRow(item) {
	return make("tr", {}, make("td", {}, make("code", {}, item.case)), make("td", {}, item.result),
	    make("td", { class: "number" }, duration(item.seconds)), make("td", {}, item.reason));
}

function caseTable(cases) {
	return longTable(["Case", "Result", make("th", { scope: "col", class: "number" }, "Time"), "Reason"], cases, caseRow);
}

function ofOneRun(run, i) {
	const { verdict, reason } = run.verdicts[i];
	const id = requirements[i].id;
	const cases = casesOf(run, id);

	return make("div", { class: "of-one-run" },
	    make("h3", {}, several ? `${run.name}: ${run.kernel}, profile ${run.profile}, ${run.user}` : "Verdict", badge(verdict)),
	    make("p", { class: "reason" }, reason),
	    deviationBlocks(deviationsOf(run, id)),
	    make("h4", {}, cases.length === 0 ? "No case" : plural(cases.length, "case")),
	    cases.length === 0 ? "" : caseTable(cases));
}

function documentedRows(requirement) {
	const asked = new Set(runs.map((run) => run.profile));

	return PROFILES.map((profile) => [profile,
	    requirement.documented[profile] + (asked.has(profile) ? "  (asked here)" : "")]);
}

function details(i) {
	const requirement = requirements[i];
	const link = make("a", { href: `#open=${requirement.id}` }, "link to this requirement");
	const pairs = [["Source", requirement.source], ["Class", CLASSES[requirement.class] ?? requirement.class],
	    ["Priority", PRIORITIES[requirement.priority] ?? String(requirement.priority)]];

	if (requirement.unchecked !== "")
		pairs.push(["Unchecked", requirement.unchecked]);
	return [make("p", { class: "statement" }, requirement.statement), facts(pairs),
	    make("h4", {}, "Documented outcome"), facts(documentedRows(requirement)),
	    runs.map((run) => ofOneRun(run, i)), make("p", { class: "faint" }, link)].flat();
}

/* Let a button open a row of details below its own. */
function opens(button, row, i, told = () => {}) {
	const close = () => {
		button.setAttribute("aria-expanded", "false");
		row.nextElementSibling.remove();
	};
	const open = () => {
		button.setAttribute("aria-expanded", "true");
		row.after(make("tr", { class: "detail", role: "row" },
		    make("td", { colspan: row.cells.length, role: "cell" }, details(i))));
	};

	button.addEventListener("click", () => {
		const opening = button.getAttribute("aria-expanded") === "false";
		(opening ? open : close)();
		told(opening);
	});
}

/* The matrix. */

const rows = []; /* of it, by number of requirement */

/* A requirement's id, to be opened, and a line below it. */
function rowHead(id, text) {
	return make("th", { scope: "row", abbr: id },
	    make("button", { type: "button", class: "plain opener", "aria-expanded": "false" }, make("span", { class: "id" }, id)),
	    make("div", { class: "clamp" }, text));
}

/* The cells that every row has, to be copied. */
function emptyRow() {
	return make("tr", {}, rowHead("", ""),
	    make("td", { class: "short", "data-label": "class" }),
	    make("td", { class: "short", "data-label": "priority" }),
	    runs.map((run) => make("td", { class: "verdict", "data-label": several ? run.name : false }, badge("conforms"))));
}

function fillVerdict(cell, verdict) {
	const mark = cell.firstChild;

	if (verdict === "conforms")
		mark.textContent = verdict;
	else
		cell.replaceChildren(badge(verdict));
}

function matrixRow(requirement, i, empty) {
	const row = empty.cloneNode(true);
	const [head, ...others] = row.cells;
	const button = head.firstChild;

	head.abbr = requirement.id;
	button.firstChild.textContent = requirement.id;
	head.lastChild.textContent = requirement.statement;
	others[0].textContent = requirement.class;
	others[1].textContent = requirement.priority;
	runs.forEach((run, k) => fillVerdict(others[2 + k], run.verdicts[i].verdict));
	if (several && differs(i)) {
		row.classList.add("differs");
		button.after(make("span", { class: "badge differs-mark", "data-sign": "≠" }, "differs"));
	}
	opens(button, row, i, (opening) => {
		state.open[opening ? "add" : "delete"](requirement.id);
		keepState();
	});
	return row;
}

/* The arrow keys go from one requirement to the next. */
function moveByArrow(event) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	const shown = rows.filter((row) => !row.hidden).map((row) => row.querySelector(".opener"));
	const at = shown.indexOf(event.target);

	if (step === undefined || at < 0)
		return;
	event.preventDefault();
	shown[at + step]?.focus();
}

function showMatrix() {
	const heads = [make("th", { scope: "col" }, "Requirement"),
	    make("th", { scope: "col", class: "of-class" }, "Class"), make("th", { scope: "col", class: "of-priority" }, "Priority"),
	    ...runs.map(runHead)];
	const matrix = asMatrix(table(heads, emptyRow(), { id: "matrix" }));
	const empty = matrix.tBodies[0].rows[0];

	empty.parentNode.remove();
	requirements.forEach((requirement, i) => rows.push(matrixRow(requirement, i, empty)));
	for (let i = 0; i < rows.length; i += ROWS_AT_ONCE)
		matrix.append(make("tbody", { role: "rowgroup" }, rows.slice(i, i + ROWS_AT_ONCE)));
	matrix.addEventListener("keydown", moveByArrow);
	$("requirements").append(matrix);
	$("requirements").hidden = false;
}

/* Filters, and the address that keeps them. */

const state = { q: "", area: "", class: "", priority: "", verdict: new Set(), differs: false, open: new Set() };
const CHOICES = ["area", "class", "priority"];
let haystacks;

function haystack(requirement) {
	const cases = runs.flatMap((run) => casesOf(run, requirement.id).map((item) => item.case));

	return [requirement.id, requirement.statement, requirement.source, ...new Set(cases)].join("\n").toLowerCase();
}

function found(i, words) {
	haystacks ??= requirements.map(haystack);
	return words.every((word) => haystacks[i].includes(word));
}

function matches(i, words) {
	return CHOICES.every((name) => state[name] === "" || String(requirements[i][name]) === state[name]) &&
	    (state.verdict.size === 0 || runs.some((run) => state.verdict.has(run.verdicts[i].verdict))) &&
	    (!state.differs || differs(i)) && (words.length === 0 || found(i, words));
}

/* In words, for those who print it. */
function filterInWords() {
	const parts = CHOICES.filter((name) => state[name] !== "").map((name) => `${name} ${state[name]}`);

	if (state.verdict.size > 0)
		parts.push([...state.verdict].join(" or "));
	if (state.differs)
		parts.push("the runs differ");
	if (state.q !== "")
		parts.push(`with “${state.q}”`);
	return parts.length === 0 ? "" : `: ${parts.join("; ")}`;
}

function setOpen(row, open) {
	const button = row.querySelector(".opener");

	if ((button.getAttribute("aria-expanded") === "true") !== open)
		button.click();
}

/* How high a group of rows will be, for the scroll bar, while it is out of sight. */
function foretell(group) {
	const shown = [...group.rows].filter((row) => !row.hidden).length;

	group.hidden = shown === 0;
	group.style.setProperty("--rows", shown);
}

function applyFilters() {
	const words = state.q.toLowerCase().split(/\s+/).filter((word) => word !== "");
	let shown = 0;

	rows.forEach((row, i) => {
		row.hidden = !matches(i, words);
		if (row.nextElementSibling?.classList.contains("detail"))
			row.nextElementSibling.hidden = row.hidden;
		shown += !row.hidden;
	});
	for (const group of $("matrix").tBodies)
		foretell(group);
	document.documentElement.classList.toggle("filtered", shown < rows.length);
	$("shown").textContent = `${number(shown)} of ${plural(rows.length, "requirement")}${filterInWords()}`;
}

/* The controls say what the state is. */
function showState() {
	if ($("q").value !== state.q)
		$("q").value = state.q;
	for (const name of CHOICES)
		$(name).value = state[name];
	for (const button of document.querySelectorAll("[data-verdict]"))
		button.setAttribute("aria-pressed", state.verdict.has(button.dataset.verdict));
	for (const button of document.querySelectorAll("[data-area]"))
		button.setAttribute("aria-pressed", state.area === button.dataset.area);
	$("differs")?.setAttribute("aria-pressed", state.differs);
}

function stateAsHash() {
	const words = new URLSearchParams();

	for (const name of ["q", ...CHOICES])
		if (state[name] !== "")
			words.set(name, state[name]);
	if (state.verdict.size > 0)
		words.set("verdict", [...state.verdict].map(slug).join(","));
	if (state.differs)
		words.set("differs", "yes");
	if (state.open.size > 0)
		words.set("open", [...state.open].join(","));
	return words.toString().replaceAll("%2C", ",");
}

function keepState() {
	history.replaceState(null, "", `#${stateAsHash()}`);
}

function changed() {
	showState();
	applyFilters();
	keepState();
}

/* Take what the address says; what makes no sense is passed over. */
function readHash() {
	const words = new URLSearchParams(location.hash.slice(1));
	const list = (name) => (words.get(name) ?? "").split(",").filter((word) => word !== "");
	const open = list("open").filter((id) => numbers.has(id));

	state.q = words.get("q") ?? "";
	for (const name of CHOICES) {
		const value = words.get(name) ?? "";
		state[name] = [...$(name).options].some((option) => option.value === value) ? value : "";
	}
	state.verdict = new Set([...VERDICTS.keys()].filter((word) => list("verdict").includes(slug(word))));
	state.differs = several && words.get("differs") === "yes";
	return open;
}

/*
 * An address without "=" names a section and leaves the filters alone.  What it
 * opens is in sight after the next painting: only then are heights known.
 */
function followHash() {
	if (location.hash !== "" && !location.hash.includes("="))
		return;
	const open = readHash();
	rows.forEach((row, i) => setOpen(row, open.includes(requirements[i].id)));
	state.open = new Set(open);
	changed();
	if (open.length > 0)
		afterPainting(() => reveal(open[0]));
}

/* Show that row, opened, whatever is filtered. */
function reveal(id) {
	const row = rows[numbers.get(id)];

	if (row.hidden)
		clearFilters();
	setOpen(row, true);
	row.scrollIntoView();
	row.querySelector(".opener").focus({ preventScroll: true });
}

function clearFilters() {
	Object.assign(state, { q: "", area: "", class: "", priority: "", verdict: new Set(), differs: false });
	changed();
}

function toggle(set, item) {
	if (!set.delete(item))
		set.add(item);
}

function verdictButton(word) {
	const total = rows.filter((row, i) => runs.some((run) => run.verdicts[i].verdict === word)).length;
	const button = make("button", { type: "button", "data-verdict": word, "aria-pressed": "false" },
	    `${VERDICTS.get(word)} ${word} `, make("span", { class: "faint" }, number(total)));

	button.addEventListener("click", () => {
		toggle(state.verdict, word);
		changed();
	});
	return button;
}

function differsButton() {
	const total = rows.filter((row, i) => differs(i)).length;
	const button = make("button", { type: "button", id: "differs", "aria-pressed": "false" },
	    "≠ differs ", make("span", { class: "faint" }, number(total)));

	button.addEventListener("click", () => {
		state.differs = !state.differs;
		changed();
	});
	return button;
}

function showFilters() {
	for (const name of CHOICES) {
		const values = [...new Set(requirements.map((requirement) => String(requirement[name])))];
		$(name).append(...(name === "area" ? values : values.sort()).map((value) => make("option", { value }, value)));
		$(name).addEventListener("change", () => {
			state[name] = $(name).value;
			changed();
		});
	}
	$("verdicts").append(...[...VERDICTS.keys()].map(verdictButton));
	if (several)
		$("verdicts").append(differsButton());
	$("q").addEventListener("input", () => {
		state.q = $("q").value;
		changed();
	});
	$("clear").addEventListener("click", clearFilters);
	$("filters").addEventListener("submit", (event) => event.preventDefault());
	$("filters").addEventListener("reset", (event) => event.preventDefault());
}

/* What is wrong. */

/* The requirements that deviate somewhere, with how it shows. */
function deviating(known) {
	const worst = (i) => runs.some((run) => run.verdicts[i].verdict === "deviates");
	const some = (i) => runs.some((run) => run.verdicts[i].verdict === "known deviation");

	return requirements.map((requirement, i) => i).filter((i) => known ? some(i) && !worst(i) : worst(i));
}

function deviationRow(i) {
	const id = requirements[i].id;
	const [seen] = runs.flatMap((run) => deviationsOf(run, id));
	const told = seen === undefined ? requirements[i].statement : `expected ${seen.expected}; observed ${seen.observed}`;
	const row = make("tr", {}, rowHead(id, told),
	    runs.map((run) => make("td", { class: "verdict" }, badge(run.verdicts[i].verdict))));

	opens(row.querySelector("button"), row, i);
	return row;
}

function deviationTable(list) {
	const all = longTable(["Requirement", ...runs.map(runHead)], list, deviationRow);

	asMatrix(all.querySelector("table"));
	return all;
}

/* Deviations that no requirement of a table can own. */
function strays() {
	return runs.flatMap((run) => run.deviations.filter((item) => !numbers.has(item.requirement)));
}

function showDeviations() {
	const unexpected = deviating(false);
	const known = deviating(true);
	const stray = strays();

	$("deviations").append(make("h3", {}, unexpected.length === 0 ? "None is unexpected" : `${number(unexpected.length)} unexpected`));
	if (unexpected.length > 0)
		$("deviations").append(deviationTable(unexpected));
	for (const item of stray)
		$("deviations").append(make("h4", { class: "id" }, item.requirement), deviationBlock(item));
	if (known.length > 0)
		$("deviations").append(folded(plural(known.length, "known deviation"), () => deviationTable(known)));
	$("deviations").hidden = false;
}

function runCell(run) {
	return several ? make("td", {}, run.name) : [];
}

function runColumn() {
	return several ? ["Run"] : [];
}

function showBroken() {
	const all = runs.flatMap((run) => run.broken.map((item) => ({ run, ...item })));

	$("broken").hidden = all.length === 0;
	$("broken").append(longTable(["Case", ...runColumn(), "What is wrong"], all, ({ run, ...item }) =>
	    make("tr", {}, make("td", {}, make("code", {}, item.case)), runCell(run),
	        make("td", {}, item.reasons.map((reason) => make("p", { class: "reason" }, reason)),
	            item.standard_error === "" ? "" : make("pre", { tabindex: "0" }, item.standard_error)))));
}

function showFixed() {
	const all = runs.flatMap((run) => run.no_longer_deviate.map((item) => ({ run, ...item })));

	$("fixed").hidden = all.length === 0;
	$("fixed").append(longTable(["Requirement", ...runColumn(), "Row of", "What was not met"], all, ({ run, ...item }) =>
	    make("tr", {}, make("td", {}, toRequirement(item.requirement)), runCell(run),
	        make("td", {}, make("code", {}, `cases/${item.area}/deviations.tsv:${item.line}`)), make("td", {}, item.citation))));
}

/* Skipped and slow cases. */

function skips() {
	const reasons = new Map();

	runs.forEach((run, k) => {
		for (const item of run.cases)
			if (item.result === "skipped") {
				if (!reasons.has(item.reason))
					reasons.set(item.reason, { reason: item.reason, cases: new Set(), counts: runs.map(() => 0) });
				reasons.get(item.reason).cases.add(item.case);
				reasons.get(item.reason).counts[k]++;
			}
	});
	return [...reasons.values()].sort((a, b) => b.cases.size - a.cases.size);
}

function caseList(names) {
	return make("ul", {}, [...names].map((name) => make("li", {}, make("code", {}, name))));
}

function numberColumns() {
	return runs.map((run) => make("th", { scope: "col", class: "number" }, several ? run.name : "Cases"));
}

function showSkipped() {
	const all = skips();

	$("skipped").hidden = all.length === 0;
	$("skipped").append(longTable(["Reason", ...numberColumns()], all, (skip) =>
	    make("tr", {}, make("td", {}, folded(skip.reason, () => caseList(skip.cases))),
	        skip.counts.map((n) => make("td", { class: "number" }, number(n))))));
}

function slowest() {
	const times = new Map();

	runs.forEach((run, k) => {
		for (const { case: name, seconds } of run.cases)
			if (seconds !== null) {
				if (!times.has(name))
					times.set(name, { name, seconds: runs.map(() => null), most: 0 });
				const entry = times.get(name);
				entry.seconds[k] = seconds;
				entry.most = Math.max(entry.most, seconds);
			}
	});
	return [...times.values()].sort((a, b) => b.most - a.most).slice(0, ROWS_AT_FIRST);
}

function showSlowest() {
	const all = slowest();
	const columns = runs.map((run) => make("th", { scope: "col", class: "number" }, several ? run.name : "Time"));

	$("slowest").hidden = all.length === 0;
	$("slowest").append(longTable(["Case", ...columns], all, (entry) =>
	    make("tr", {}, make("td", {}, make("code", {}, entry.name)),
	        entry.seconds.map((s) => make("td", { class: "number" }, s === null ? "–" : duration(s))))));
}

/* History: the runs of one sort of kernel, in the order of time. */

function sorts() {
	const all = new Map();

	for (const run of runs) {
		const title = `${run.os || "unknown kernel"}, ${run.machine || "unknown machine"}, profile ${run.profile}, ${run.user}`;
		const key = JSON.stringify([run.os, run.machine, run.profile, run.user.split(":")[0]]);
		if (!all.has(key))
			all.set(key, { title, runs: [] });
		all.get(key).runs.push(run);
	}
	for (const sort of all.values())
		sort.runs.sort((a, b) => a.started < b.started ? -1 : a.started > b.started ? 1 : 0);
	return [...all.values()].filter((sort) => sort.runs.length > 1);
}

function svg(tag, attributes) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	return element;
}

/* A small line; the numbers stand beside it. */
function line(values) {
	const least = Math.min(...values);
	const range = Math.max(...values) - least || 1;
	const points = values.map((value, i) => [100 * i / (values.length - 1), 18 - 16 * (value - least) / range]);
	const picture = svg("svg", { class: "spark", viewBox: "0 0 100 20", "aria-hidden": "true" });

	picture.append(svg("polyline", { points: points.map((point) => point.join(",")).join(" ") }),
	    ...points.map(([cx, cy]) => svg("circle", { cx, cy, r: 2.2 })));
	return picture;
}

function historyTable(sort) {
	const counts = sort.runs.map((run) => count(run));
	const heads = sort.runs.map((run) => make("th", { scope: "col", class: "number run-head" },
	    make("span", { class: "run-name" }, run.name), make("span", {}, started(run)),
	    make("span", {}, run.release), make("span", {}, run.suite === "" ? "" : `suite ${run.suite}`)));
	const row = (head, values, show = number) => make("tr", {}, make("th", { scope: "row" }, head),
	    values.map((value) => make("td", { class: "number" }, show(value))), make("td", {}, line(values)));

	return make("div", { class: "scroll" }, table(["Count", ...heads, "Course"],
	    [...[...VERDICTS.keys()].map((word) => row(badge(word), counts.map((counted) => counted.get(word)))),
	        row("Took", sort.runs.map((run) => run.seconds), duration)]));
}

function changes(before, after) {
	return requirements.map((requirement, i) => ({
		id: requirement.id,
		from: before.verdicts[i].verdict,
		to: after.verdicts[i].verdict,
	})).filter((change) => change.from !== change.to);
}

function changeTable(before, after) {
	const all = changes(before, after);

	return [make("h4", {}, `From ${before.name} to ${after.name}: ${all.length === 0 ? "no verdict changed" : plural(all.length, "verdict") + " changed"}`),
	    all.length === 0 ? "" : longTable(["Requirement", "Before", "After"], all, (change) =>
	        make("tr", {}, make("td", {}, toRequirement(change.id)), make("td", {}, badge(change.from)), make("td", {}, badge(change.to))))];
}

function showHistory() {
	const all = sorts();

	$("history").hidden = all.length === 0;
	for (const sort of all)
		$("history").append(make("h3", {}, sort.title), historyTable(sort),
		    ...sort.runs.slice(1).flatMap((run, i) => changeTable(sort.runs[i], run)).filter((part) => part !== ""));
}

/* Around it all. */

const THEMES = ["system", "light", "dark"];

/* A browser may deny a page from disk its memory; then it forgets. */
function remember(theme) {
	try {
		localStorage.setItem("plumbline-theme", theme);
	} catch {
		return;
	}
}

function remembered() {
	try {
		return localStorage.getItem("plumbline-theme");
	} catch {
		return null;
	}
}

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	$("theme").textContent = `Theme: ${theme}`;
}

function showTheme() {
	setTheme(THEMES.includes(remembered()) ? remembered() : "system");
	$("theme").addEventListener("click", () => {
		const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
		setTheme(next);
		remember(next);
	});
}

/* Without a new address: that keeps the filters. */
function toSection(id) {
	$(id).scrollIntoView();
	$(id).focus({ preventScroll: true });
}

function showContents() {
	for (const section of document.querySelectorAll("main > section:not([hidden])")) {
		const title = section.querySelector("h2")?.textContent;
		if (title !== undefined)
			$("contents").append(make("a", { href: `#${section.id}` }, title));
	}
	for (const link of document.querySelectorAll("#contents a, a.skip"))
		link.addEventListener("click", (event) => {
			event.preventDefault();
			toSection(link.getAttribute("href").slice(1));
		});
}

/* Paper cannot be clicked: nothing that is listed stays folded. */
function unfold() {
	for (const element of document.querySelectorAll("#deviations details, .detail details"))
		element.open = true;
	for (const button of document.querySelectorAll(".more-rows"))
		button.click();
}

function showEverything() {
	for (const show of [showRuns, showAreas, showDeviations, showBroken, showFixed, showHistory,
	    showMatrix, showFilters, showSkipped, showSlowest, showContents])
		show();
	followHash();
	addEventListener("hashchange", followHash);
	addEventListener("beforeprint", unfold);
}

function afterPainting(act) {
	requestAnimationFrame(() => setTimeout(act));
}

/* How long it took from the beginning until it was painted. */
function tellWhenReady() {
	document.documentElement.dataset.readyMs = Math.round(performance.now());
}

showTheme();
try {
	understand($("data").textContent);
	showEverything();
} catch (error) {
	$("trouble").textContent = `These results cannot be shown (${error.message}): was the file copied whole?`;
	$("trouble").hidden = false;
}
afterPainting(tellWhenReady);
