"""Hands over a bucket's events for topics and functions. Both are services of Bonkei, not parts of
MiniStack.

Each event is a line of JSON. It is written to the pipe whose descriptor is in NOTIFICATIONS_FD:
{"service": "sns" | "lambda", "target": ARN, "bucket": ARN, "message": {...}}. The reader of the
pipe checks that the target exists and admits S3.
"""

import json
import os
import threading

from ministack.services import s3


def install():
    """Call it before anything is answered."""
    descriptor, lock = int(os.environ["NOTIFICATIONS_FD"]), threading.Lock()
    exists, allows = s3._notification_destination_exists, s3._notification_destination_allows

    def hand_over(service):
        def deliver(arn, event_payload, _region, bucket_name=""):
            name = bucket_name or event_payload["Records"][0]["s3"]["bucket"]["name"]
            line = json.dumps(
                {
                    "service": service,
                    "target": arn,
                    "bucket": f"arn:aws:s3:::{name}",
                    "message": event_payload,
                }
            ).encode()
            with lock:  # several threads write, and a line is longer than a pipe takes at once
                rest = line + b"\n"
                while rest:
                    rest = rest[os.write(descriptor, rest) :]

        return deliver

    def destination_exists(target_type, arn, bucket_region):
        return target_type == "sns" or exists(target_type, arn, bucket_region)

    def destination_allows(target_type, arn, bucket_name, owner):
        return target_type == "sns" or allows(target_type, arn, bucket_name, owner)

    s3._notification_destination_exists = destination_exists
    s3._notification_destination_allows = destination_allows
    s3._deliver_event_to_sns = hand_over("sns")
    s3._deliver_event_to_lambda = hand_over("lambda")
