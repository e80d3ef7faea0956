// Lambda's runtime client for Node.js: it runs in a function's own process, beside the handler.
// Sources: "Using the Lambda runtime API" and "Define Lambda function handler in Node.js" in the AWS
// Lambda Developer Guide.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import http from "node:http";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, resource, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, path: `/2018-06-01/runtime${resource}`, agent, headers };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function describe(error) {
  const known = error instanceof Error;
  const trace = known && error.stack ? error.stack.split("\n") : [];
  return { errorType: known ? error.name : typeof error, errorMessage: known ? error.message : String(error), trace };
}

async function post(resource, error) {
  const document = describe(error);
  console.error(`${document.errorType}\t${JSON.stringify(document)}`);
  await ask("POST", resource, JSON.stringify(document), {
    "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": document.errorType,
  });
}

function named(kind, message) {
  const error = new Error(message);
  error.name = kind;
  return error;
}

async function findHandler() {
  const root = env.LAMBDA_TASK_ROOT;
  const at = env._HANDLER.lastIndexOf(".");
  if (at < 1) throw named("Runtime.MalformedHandlerName", "Bad handler");
  const [module, name] = [env._HANDLER.slice(0, at), env._HANDLER.slice(at + 1)];
  const base = path.join(root, module);
  const found = [".mjs", ".cjs", ".js"].map((ending) => base + ending).find(existsSync);
  if (!found) throw named("Runtime.ImportModuleError", `Error: Cannot find module '${module}'`);
  let loaded;
  try {
    loaded = found.endsWith(".cjs") ? createRequire(found)(found) : await import(pathToFileURL(found));
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", String(error));
    throw error;
  }
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== "function") {
    throw named("Runtime.HandlerNotFound", `${env._HANDLER} is undefined or not exported`);
  }
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const answer = handler(event, context, (error, value) => (error ? reject(error) : resolve(value)));
    if (typeof answer?.then === "function") answer.then(resolve, reject);
    else if (handler.length < 3) resolve(answer);
  });
}

const handler = await findHandler().catch(async (error) => {
  await post("/init/error", error);
  process.exit(1);
});
for (;;) {
  const { headers, body } = await ask("GET", "/invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  try {
    const answer = await run(handler, JSON.parse(body), contextOf(headers));
    await ask("POST", `/invocation/${id}/response`, JSON.stringify(answer ?? null));
  } catch (error) {
    await post(`/invocation/${id}/error`, error);
  }
}
