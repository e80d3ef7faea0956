import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, afterEach, before, test } from "node:test";

const START = "uvx --from bonkei --with boto3 python -m bonkei.testing".split(" ");
let miniature, bonkei;

before(async () => {
  miniature = spawn(START[0], START.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface(miniature.stdout), "line");
  bonkei = JSON.parse(line);
  Object.assign(process.env, bonkei.environment);
});
afterEach(async () => {
  const answer = await fetch(bonkei.reset, { method: "POST" });
  assert.equal(answer.status, 204, await answer.text());
});
after(() => miniature.stdin.end());

test("the shop answers", async () => {
  assert.equal((await fetch(bonkei.url)).status, 200);
});
