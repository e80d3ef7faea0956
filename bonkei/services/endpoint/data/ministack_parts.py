"""Completes a multipart upload as strictly as S3 does. MiniStack itself allows more.

Source: "CompleteMultipartUpload" in the Amazon S3 API Reference, section "Errors".
"""

from itertools import pairwise
from xml.etree import ElementTree as ET

from ministack.services import s3

SMALLEST = 5 * 1024 * 1024
"""The least bytes of each part, except for the last one."""
_ORDER = (
    "The list of parts was not in ascending order. The parts list must be specified in order by "
    "part number."
)
_SMALL = "Your proposed upload is smaller than the minimum allowed size"
_MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


def _named(body):
    """The numbers of the parts, in the client's order. None: the body is not XML."""
    try:
        root = ET.fromstring(bytes(body))  # noqa: S314 - expat bounds what entities may become
        return [
            int(each.text or "")
            for each in root.iter()
            if each.tag.rpartition("}")[2] == "PartNumber"
        ]
    except (ET.ParseError, ValueError):
        return None


def _refusal(upload, numbers, place):
    if not numbers:
        return s3._error("MalformedXML", _MALFORMED, 400, place)
    if any(later < number for number, later in pairwise(numbers)):
        return s3._error("InvalidPartOrder", _ORDER, 400, place)
    for number in numbers[:-1]:
        part = upload["parts"].get(number)
        if part is None:
            return None  # MiniStack names it
        if len(part["body"]) < SMALLEST:
            more = {
                "ProposedSize": str(len(part["body"])), "MinSizeAllowed": str(SMALLEST),
                "PartNumber": str(number), "ETag": part["etag"].strip('"'),
            }  # fmt: skip
            return s3._error("EntityTooSmall", _SMALL, 400, place, more)
    return None


def install():
    """Call it after `ministack_bodies.install`."""
    complete = s3._complete_multipart_upload

    def complete_checked(bucket, key, body, query_params, headers=None):
        upload_id = s3._qp(query_params, "uploadId")
        known = upload_id in s3._multipart_uploads
        if known and s3._completed_multipart_uploads.get(upload_id) is None:
            upload, numbers = s3._multipart_uploads[upload_id], _named(body)
            refusal = None if numbers is None else _refusal(upload, numbers, f"/{bucket}/{key}")
            if refusal is not None:
                return refusal
        return complete(bucket, key, body, query_params, headers)

    s3._complete_multipart_upload = complete_checked
