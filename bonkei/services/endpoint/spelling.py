"""The names of an error in each protocol.

Source: "Common errors" in each service's API reference, "Error responses" in the Amazon S3 API
Reference. The JSON protocols answer 400 where the others answer 403.
"""

from __future__ import annotations

from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import ApiError

_JSON = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "RequestTimeTooSkewed": "InvalidSignatureException",
    "IncompleteSignature": "IncompleteSignatureException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "InvalidAction": "UnknownOperationException",
    "AccessDenied": "AccessDeniedException",
    "ServiceUnavailable": "ServiceUnavailableException",
}
_S3 = {
    "InvalidClientTokenId": ("InvalidAccessKeyId", 403),
    "ExpiredToken": ("ExpiredToken", 400),
    "MissingAuthenticationToken": ("AccessDenied", 403),
    "IncompleteSignature": ("AuthorizationHeaderMalformed", 400),
    "InvalidAction": ("NotImplemented", 501),
}
_SNS = {"AccessDenied": "AuthorizationError"}
_QUERY = {"RequestTimeTooSkewed": "SignatureDoesNotMatch"}


def spell(error: ApiError, call: Call) -> ApiError:
    """The error in the form of the call's protocol."""
    if call.protocol == "rest-xml":
        code, status = _S3.get(error.code, (error.code, error.status))
        return ApiError(code, error.message, status, error.members)
    if call.protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        code = _JSON.get(error.code, error.code)
        status = 400 if error.status == 403 else error.status
        return ApiError(code, error.message, status)
    if call.service == "sns":
        return ApiError(_SNS.get(error.code, error.code), error.message, error.status)
    return ApiError(_QUERY.get(error.code, error.code), error.message, error.status)
