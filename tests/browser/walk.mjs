// Walks the whole story in a browser: choose an audience, preview, rehearse, approve by two
// people, send, watch it go, look it up in the log, keep contacts. Every page is looked at by axe-core and at
// 360 px. Says everything that is wrong, and ends with 1 where something is.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [base, release, password, modules, ...links] = process.argv.slice(2);
const require = createRequire(join(modules, "walk.cjs"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const faults = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

async function visitor(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  page.on("console", (said) => {
    // Pages that are not there, and forms with faults, are asked for on purpose, and say so.
    if (said.type() === "error" && !/status of (404|422|502)/.test(said.text())) faults.push(`${page.url()} console: ${said.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()} script: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("data:")) faults.push(`${page.url()} asks ${url}`);
  });
  // By the keyboard alone: the name has the focus when the page opens.
  await page.goto(`${base}/sign-in`);
  await page.locator("#name:focus").waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/releases`).catch(async (error) => {
    throw new Error(`${name} (${JSON.stringify(options)}) cannot sign in: ${await page.locator("main").innerText()} ${error}`);
  });
  return page;
}

function expect(holds, what) {
  if (!holds) faults.push(what);
}

async function activate(page, locator) {
  await locator.focus();
  await page.keyboard.press("Enter");
}

// The story, told by Vera and Olga at a desk.
const vera = await visitor("vera");
const olga = await visitor("olga");
await vera.goto(`${base}/releases/${release}`);
await activate(vera, vera.getByRole("link", { name: "Preview" }));
await vera.getByLabel("Language").selectOption("ru");
await activate(vera, vera.getByRole("button", { name: "Show" }));
const mail = vera.frameLocator("iframe.frame");
await mail.getByText("ЭМБАРГО").filter({ visible: true }).first().waitFor();

await vera.goto(`${base}/releases/${release}/audience`);
await vera.getByRole("group", { name: "Segments" }).getByText("wires", { exact: false }).first().waitFor();
await vera.locator('input[name=to][value="wires"]').focus();
await vera.keyboard.press("Space");
await vera.locator('input[name=to][value="central-asia"]').focus();
await vera.keyboard.press("Space");
await vera.getByRole("heading", { name: "23 recipients" }).waitFor();
await activate(vera, vera.locator("#found").getByRole("button", { name: "Rehearse" }));
await vera.waitForURL(/\/rehearsals\//);
const rehearsal = new URL(vera.url()).pathname;
// The page looks again by itself until it is over.
await vera.getByRole("heading", { name: "Caught mails" }).waitFor();
await activate(vera, vera.locator("tbody a").first());
await vera.frameLocator("iframe.frame").locator("h1").first().waitFor();

const review = `${base}/releases/${release}/send?to=central-asia&to=wires`;
for (const page of [vera, olga]) {
  await page.goto(review);
  await activate(page, page.getByRole("button", { name: "Approve this content" }));
  await page.getByText("Your approval is on record").waitFor();
}
await activate(olga, olga.getByRole("button", { name: "Send to 23 recipients" }));
await olga.waitForURL(/\/distributions\//);
const distribution = new URL(olga.url()).pathname;
// It goes on by itself: the page is not loaded again.
await olga.evaluate(() => { window.stayed = true; });
await olga.waitForFunction(() => Number(document.querySelector(".figures dd").textContent) >= 16);
await olga.locator('[data-part="wants"] #doubts').waitFor();
await olga.getByText("Rate now").waitFor();
expect(await olga.evaluate(() => window.stayed === true), "the page of a distribution was loaded again");
// A connection that is refused is tried again, and said to be lost meanwhile.
await vera.route("**/events", (route) => route.fulfill({ status: 502, contentType: "text/event-stream", body: "" }), { times: 1 });
await vera.goto(base + distribution);
await vera.getByText("The connection is lost").waitFor();
await vera.getByText("The connection is lost").waitFor({ state: "hidden" });
await olga.getByLabel("Why (for the log)").first().fill("a name is in doubt");
await activate(olga, olga.getByRole("button", { name: "Hold" }));
await olga.getByText("It is held").waitFor();
// Whoever looks on is told, and may let it go on.
await vera.locator('[data-part="figures"]').getByText("a name is in doubt").waitFor();
await vera.locator('[data-part="steer"]').getByRole("button", { name: "Resume" }).waitFor();
await olga.getByLabel("Why (for the log)").first().fill("the name is right");
await activate(olga, olga.getByRole("button", { name: "Resume" }));
await olga.getByText("It goes on").waitFor();
await olga.goto(`${base}/log?contact=desk@tidewater-wire.example`);
await olga.getByRole("link", { name: "accepted" }).first().waitFor();
await olga.goto(`${base}/log`);
await olga.getByLabel("Outlet").fill("wire tide");
await olga.keyboard.press("Enter");
await olga.waitForURL(/outlet=wire/);
await olga.getByText("amelia.okafor@tidewater-wire.example").first().waitFor();

// A contact is added by the keyboard, told of its faults, edited, barred and found.
await vera.goto(`${base}/contacts`);
await activate(vera, vera.getByRole("link", { name: "Add a contact" }));
await vera.getByLabel("Address").fill("anna.kim@steppe-post.example");
await vera.getByLabel("Name", { exact: true }).fill("Anna Kim");
await vera.getByLabel("Country").fill("Kazakhstan");
await vera.keyboard.press("Enter");
await vera.locator("#f-country-fault").waitFor();
expect((await vera.getByLabel("Country").getAttribute("aria-invalid")) === "true", "a fault is not told at its field");
await vera.getByLabel("Country").fill("KZ");
await activate(vera, vera.getByRole("button", { name: "Save" }));
await vera.getByText("The contact is added").waitFor();
const contact = new URL(vera.url()).pathname;
await vera.locator("summary").filter({ hasText: "Put a word on record" }).focus();
await vera.keyboard.press("Enter");
await vera.getByLabel("Where it can be found").fill("letter of 3 November");
await activate(vera, vera.getByRole("button", { name: "They agreed" }));
await vera.getByText("The agreement is on record").waitFor();
await vera.locator("summary").filter({ hasText: "Bar from being written to" }).focus();
await vera.keyboard.press("Enter");
await vera.getByLabel("Why (for the log)").fill("asked by telephone");
await activate(vera, vera.getByRole("button", { name: "Bar from being written to" }));
await vera.getByText("It is barred").waitFor();
// What is found is shown while one types.
await vera.goto(`${base}/contacts`);
await vera.getByLabel("Address, name or outlet").pressSequentially("anna stepp");
await vera.locator("#found tbody tr").nth(1).waitFor({ state: "detached" });
await vera.locator("#found").getByRole("link", { name: "Anna Kim" }).waitFor();
await vera.goto(`${base}/releases/${release}/audience?to=environment&not=wires`);
await vera.locator("summary").filter({ hasText: "Save as a segment" }).focus();
await vera.keyboard.press("Enter");
await vera.getByLabel("Name of the segment").fill("rivers-first");
await vera.keyboard.press("Enter");
await vera.getByText("The segment is saved").waitFor();
await vera.getByRole("heading", { name: "rivers-first" }).waitFor();
// A file is brought and looked at; its page is among those below.
await vera.goto(`${base}/contacts/import`);
await vera.getByLabel("File").setInputFiles({
  name: "press.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("Почта;ФИО;Издание;Заметка о человеке\nkim@example.org;Анна Ким;Степная почта;звонить утром\nnobody;;;\n"),
});
await activate(vera, vera.getByRole("button", { name: "Look at it" }));
await vera.waitForURL(/\/contacts\/import\/[0-9a-f]+$/);
await vera.getByText("1 contact added").waitFor();
await vera.getByLabel("Заметка о человеке").selectOption("Заметка о человеке=notes");
await activate(vera, vera.getByRole("button", { name: "Look again" }));
await vera.waitForURL(/map=/);
const brought = new URL(vera.url()).pathname;

// What came back is found, and what it says and does is told.
await vera.goto(`${base}/contacts`);
await activate(vera, vera.getByRole("link", { name: "Came back" }));
await vera.locator("summary").filter({ hasText: "Take reports in" }).focus();
await vera.keyboard.press("Enter");
await vera.getByLabel("File").setInputFiles({
  name: "lunch.eml",
  mimeType: "message/rfc822",
  buffer: Buffer.from("From: <somebody@example.org>\nSubject: Lunch?\n\nAt noon.\n"),
});
await activate(vera, vera.getByRole("button", { name: "Take reports in" }));
await vera.getByText("1 message read").waitFor();
await vera.getByLabel("Kind").selectOption("hard");
await activate(vera, vera.getByRole("button", { name: "Search" }));
await vera.waitForURL(/kind=hard/);
await activate(vera, vera.locator("tbody a").first());
await vera.getByRole("heading", { name: "The report" }).waitFor();
await vera.getByText("no such mailbox").first().waitFor();
const bounce = new URL(vera.url()).pathname;
await activate(vera, vera.locator("dl.facts").first().getByRole("link"));
await vera.getByRole("heading", { name: "Came back" }).waitFor();

// One person twice: offered, compared, chosen from, made one.
for (const [email, name] of [["olga.pak@volna.example", "Olga Pak"], ["o.pak@old.example", "Ольга Пак"]]) {
  await vera.goto(`${base}/contacts/new`);
  await vera.getByLabel("Address").fill(email);
  await vera.getByLabel("Name", { exact: true }).fill(name);
  await vera.getByLabel("Outlet").fill("Volna");
  await activate(vera, vera.getByRole("button", { name: "Save" }));
  await vera.getByText("The contact is added").waitFor();
}
await vera.goto(`${base}/contacts`);
await activate(vera, vera.getByRole("link", { name: "Duplicates" }));
await activate(vera, vera.getByRole("link", { name: "Compare" }).first());
await vera.getByRole("heading", { name: "One person?" }).waitFor();
const compared = new URL(vera.url());
await vera.getByRole("radio", { name: "Ольга Пак" }).focus();
await vera.keyboard.press("Space");

async function look(page, what) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(width <= 0, `${what} is ${width} px too wide`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { iframes: false }));
  for (const { impact, id, help, nodes } of violations) {
    if (impact === "serious" || impact === "critical") faults.push(`${what} ${id}: ${help}: ${nodes[0].html}`);
  }
}

// Every page: without serious faults for those who hear or cannot point, and never sideways.
const pages = [
  "/releases", `/releases/${release}`, `/releases/${release}/preview?part=text`,
  `/releases/${release}/audience?to=wires&to=central-asia&not=environment`,
  `/releases/${release}/send?to=environment`, rehearsal, `${rehearsal}/mails/1`,
  "/distributions", distribution, "/contacts", "/contacts?list=radio", "/contacts/new", contact, `${contact}/edit`,
  "/contacts/groups", "/contacts/duplicates", compared.pathname + compared.search, "/contacts/suppressed", "/contacts/bounces", "/contacts/bounces?kind=hard", bounce, "/contacts/import", brought, "/contacts/forget?old=yes", "/log", "/log/verify?head=none", "/users", "/account", "/no-such-page",
];
for (const options of [
  { locale: "en", colorScheme: "light", bypassCSP: true },
  { locale: "ru", colorScheme: "dark", viewport: { width: 360, height: 800 }, bypassCSP: true },
]) {
  const page = await visitor("vera", options);
  for (const path of pages) {
    await page.goto(base + path);
    await look(page, `${path} (${options.locale})`);
  }
  await page.context().close();
}

await activate(vera, vera.getByRole("button", { name: "Make them one" }));
await vera.getByText("The two are one now").waitFor();

// Without JavaScript everything is there but the live part.
const plain = await visitor("vera", { javaScriptEnabled: false });
await plain.goto(`${base}/releases/${release}/audience`);
await plain.locator('input[name=to][value="environment"]').check();
await plain.getByRole("button", { name: "Show" }).click();
await plain.getByRole("link", { name: "Review and send" }).click();
await plain.getByRole("heading", { name: "What will happen" }).waitFor();
await plain.goto(`${base}/contacts?search=anna`);
await plain.getByRole("link", { name: "Anna Kim" }).click();
await plain.getByRole("link", { name: "Edit" }).click();
await plain.getByLabel("Outlet").fill("Steppe Post");
await plain.getByRole("button", { name: "Save" }).click();
await plain.getByText("The contact is saved").waitFor();
await plain.getByText("Lift", { exact: true }).first().click();
await plain.getByLabel("Why (for the log)").fill("wrote again");
await plain.getByRole("button", { name: "Lift" }).click();
await plain.getByText("The bar is lifted").waitFor();
// A journalist opens the links of a mail, without an account, and opts out in one click.
const [optOut, own] = links.map((link) => new URL(link).pathname);
for (const options of [
  { colorScheme: "light", bypassCSP: true },
  { colorScheme: "dark", viewport: { width: 360, height: 800 }, bypassCSP: true },
]) {
  const context = await browser.newContext({ locale: "ru", ...options });
  const page = await context.newPage();
  for (const path of [optOut, own, "/o/x"]) {
    await page.goto(base + path);
    await look(page, path);
  }
  await context.close();
}
const journalist = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
await journalist.goto(base + own);
await journalist.locator("#beats").fill("rivers");
await journalist.locator("form").first().getByRole("button").click();
await journalist.locator("[role=status]").first().waitFor();
await journalist.goto(base + optOut);
await activate(journalist, journalist.locator("button[value=all]"));
await journalist.locator("main .lede[role=status]").waitFor();
await journalist.goto(base + optOut);
expect((await journalist.locator("button").count()) === 0, "who has opted out is asked again");
await browser.close();
for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);
