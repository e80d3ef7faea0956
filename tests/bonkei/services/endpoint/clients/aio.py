"""aiobotocore against the endpoint, configured by the environment alone. Prints "done" at the
end.
"""

import asyncio
from contextlib import AsyncExitStack

from aiobotocore.session import get_session


async def main() -> None:
    async with AsyncExitStack() as stack:
        session = get_session()
        s3, sqs, dynamodb = [
            await stack.enter_async_context(session.create_client(name))
            for name in ("s3", "sqs", "dynamodb")
        ]
        await asyncio.gather(
            *(s3.put_object(Bucket="shop", Key=f"aio/{n}", Body=b"x" * n) for n in range(20))
        )
        listed = await s3.list_objects_v2(Bucket="shop", Prefix="aio/")
        assert sorted(each["Size"] for each in listed["Contents"]) == list(range(20))
        answer = await s3.get_object(Bucket="shop", Key="aio/7")
        assert await answer["Body"].read() == b"x" * 7
        url = (await sqs.get_queue_url(QueueName="aio"))["QueueUrl"]
        await sqs.send_message(QueueUrl=url, MessageBody="hello")
        received = await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)
        assert received["Messages"][0]["Body"] == "hello"
        await dynamodb.put_item(TableName="carts", Item={"id": {"S": "aio"}})
        item = await dynamodb.get_item(TableName="carts", Key={"id": {"S": "aio"}})
        assert item["Item"] == {"id": {"S": "aio"}}
    print("done")


asyncio.run(main())
