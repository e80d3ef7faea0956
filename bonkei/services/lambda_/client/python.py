"""Lambda's runtime client for Python: it runs in a function's own process, beside the handler.

It imports only the standard library, because the function's interpreter runs this file. It answers,
prints and raises the same as Lambda's own client. Sources: "Using the Lambda runtime API", "Define
Lambda function handler in Python", "Log and monitor Python Lambda functions" and "Using the Lambda
context object" in the AWS Lambda Developer Guide.
"""

import gc

gc.disable()  # to search what is imported here for garbage is an eighth of the start

import atexit
import importlib
import io
import json
import logging
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from http.client import HTTPConnection
from types import SimpleNamespace

gc.freeze()
gc.enable()

_PATH = "/2018-06-01/runtime"
_FRAME = b"\xa5\x5a\x00\x03"
_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}


class _FaultError(Exception):
    """An error of Lambda's own: `kind` is its errorType."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.document = {
            "errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)
        }  # fmt: skip


class _Api:
    """The runtime API, over one kept connection."""

    def __init__(self, address):
        self._connection = HTTPConnection(address)

    def next(self):
        status, headers, body = self._ask("GET", "/invocation/next")
        if status != 200:
            sys.exit(f"the runtime API answered {status}")
        return headers, body

    def post(self, path, body, kind="application/json"):
        headers = {"Content-Type": "application/json"}
        if kind != "application/json":
            headers["Lambda-Runtime-Function-Error-Type"] = kind
        return self._ask("POST", path, body, headers)

    def _ask(self, method, path, body=None, headers=None):
        self._connection.request(method, _PATH + path, body, headers or {})
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()


class _Log:
    """Whole messages, even of several lines: each becomes one log event."""

    def __init__(self):
        self._file = os.fdopen(int(os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD")), "wb", 0)

    def write(self, text):
        data = text.encode("utf-8", "backslashreplace")
        head = _FRAME + len(data).to_bytes(4, "big")
        self._file.write(head + int(time.time() * 1e6).to_bytes(8, "big") + data)


_log = _Log()
_streams = []
_request_id = ""


class _Lines(io.TextIOBase):
    """Standard output or error. Each line becomes a log event, in order with the messages."""

    def __init__(self, stream):
        self.buffer = stream.buffer
        self._rest = ""

    encoding, errors = "utf-8", "backslashreplace"

    def writable(self):
        return True

    def fileno(self):
        return self.buffer.fileno()

    def write(self, text):
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            _log.write(line)
        return len(text)

    def flush(self):
        self.buffer.flush()

    def finish(self):
        if self._rest:
            self.write("\n")


class _Handler(logging.Handler):
    def emit(self, record):
        record.aws_request_id = _request_id
        _log.write(self.format(record))


class _JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": _at(record.created), "level": record.levelname,
            "message": record.getMessage(), "logger": record.name,
        }  # fmt: skip
        if record.exc_info:
            kind, error, trace = record.exc_info
            entry["stackTrace"] = [line.rstrip("\n") for line in traceback.format_tb(trace)]
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(error)
            entry["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        if record.aws_request_id:
            entry["requestId"] = record.aws_request_id
        entry |= {name: value for name, value in vars(record).items() if name not in _KNOWN}
        return json.dumps(entry, ensure_ascii=False, default=str)


_CLIENT = (
    "installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name",
)  # fmt: skip


def _named(values, *names):
    """Attributes of these names; None for a missing one."""
    return SimpleNamespace(**{name: values.get(name) for name in names})


class Context:
    """The second argument of a handler, after its event."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        given = json.loads(headers.get("Lambda-Runtime-Client-Context") or "null")
        self.client_context = given and _named(given, "custom", "env", "client")
        if given and given.get("client"):
            self.client_context.client = _named(given["client"], *_CLIENT)
        self.identity = _named({}, "cognito_identity_id", "cognito_identity_pool_id")
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        _log.write(str(message))


def _at(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _set_up_logging():
    handler = _Handler()
    if _JSON:
        handler.setFormatter(_JsonFormatter())
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        if level:
            logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    else:
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    logging.root.addHandler(handler)


def _find_handler(name):
    """The function that `module.name` names."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise _FaultError(
            "Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}"
        ) from None
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        said = f"Unable to import module '{module_name}': {error}"
        raise _FaultError("Runtime.ImportModuleError", said) from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").strip()}']
        said = f"Syntax error in module '{module_name}': {error}"
        raise _FaultError("Runtime.UserCodeSyntaxError", said, trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        said = f"Handler '{function_name}' missing on module '{module_name}'"
        raise _FaultError("Runtime.HandlerNotFound", said) from None


def _describe(error, request_id=""):
    """The document of an error that a handler or its module raised. It shows only their own
    frames."""
    if isinstance(error, _FaultError):
        return error.document | {"requestId": request_id}
    frames = traceback.extract_tb(error.__traceback__)
    while frames and frames[0].filename in (__file__, importlib.__file__):
        frames = frames[1:]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    return {
        "errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }  # fmt: skip


def _tell(document):
    if _JSON:
        entry = {
            "timestamp": _at(time.time()), "log_level": "ERROR",
            **{name: value for name, value in document.items() if value},
        }  # fmt: skip
        _log.write(json.dumps(entry, ensure_ascii=False))
        return
    trace = document["stackTrace"]
    text = f"[ERROR] {document['errorType']}: {document['errorMessage']}"
    _log.write(
        "\n".join([text, *(["Traceback (most recent call last):", *trace] if trace else [])])
    )


def _marshal(result):
    """Convert as Lambda's own client does: bytes stay bytes, and a Decimal, as DynamoDB returns it,
    becomes a number with all its digits."""
    if isinstance(result, bytes):
        return result
    mark = os.urandom(8).hex()

    def marked(value):
        decimal = sys.modules.get("decimal")
        if decimal is None or not isinstance(value, decimal.Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        return float("nan") if value.is_nan() else f"{mark}{value}"

    try:
        first, *rest = json.dumps(result, ensure_ascii=False, default=marked).split(f'"{mark}')
        return "".join([first, *(each.replace('"', "", 1) for each in rest)]).encode()
    except Exception as error:
        raise _FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def _unmarshal(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise _FaultError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def _call(handler, headers, body):
    try:
        return handler(_unmarshal(body), Context(headers))
    finally:
        for stream in _streams:  # the last line may not be terminated
            stream.finish()


def _serve_one(api, handler):
    global _request_id  # noqa: PLW0603 - what log records are given
    headers, body = api.next()
    _request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id") or ""
    path = f"/invocation/{_request_id}"
    try:
        answer = _marshal(_call(handler, headers, body))
    except Exception as error:
        document = _describe(error, _request_id)
        _tell(document)
        api.post(f"{path}/error", json.dumps(document).encode(), document["errorType"])
        return
    status, _, said = api.post(f"{path}/response", answer)
    if status == 413:  # the response was too large: this is an error of the invocation
        print(said.decode(errors="replace"))


def main():
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]  # this file's folder is not the function's
    sys.path[1:1] = [path for path in os.environ.pop("BONKEI_LAYERS", "").split(":") if path]
    sys.stdout, sys.stderr = _Lines(sys.stdout), _Lines(sys.stderr)
    _streams.extend([sys.stdout, sys.stderr])
    for stream in _streams:
        atexit.register(stream.finish)
    api = _Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    _set_up_logging()
    try:
        handler = _find_handler(os.environ["_HANDLER"])
    except Exception as error:
        document = _describe(error)
        _tell(document)
        api.post("/init/error", json.dumps(document).encode(), document["errorType"])
        sys.exit(1)
    while True:
        _serve_one(api, handler)


if __name__ == "__main__":
    main()
