// The JavaScript SDK against the endpoint, by its environment alone. Prints "done" at the end.
import assert from "node:assert/strict";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient, GetQueueUrlCommand, SendMessageCommand } from "@aws-sdk/client-sqs";

const s3 = new S3Client({});
const object = { Bucket: "shop", Key: "a b/ü+.txt" };
await s3.send(new PutObjectCommand({ ...object, Body: "hello", Metadata: { by: "node" } }));
const found = await s3.send(new GetObjectCommand(object));
assert.equal(await found.Body.transformToString(), "hello");
assert.equal(found.Metadata.by, "node");
await assert.rejects(s3.send(new GetObjectCommand({ Bucket: "shop", Key: "none" })), {
  name: "NoSuchKey",
});

const sqs = new SQSClient({});
const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "js" }));
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
assert.equal(Messages[0].Body, "hello");

const dynamodb = new DynamoDBClient({});
await dynamodb.send(new PutItemCommand({ TableName: "carts", Item: { id: { S: "node" } } }));
const item = await dynamodb.send(new GetItemCommand({ TableName: "carts", Key: { id: { S: "node" } } }));
assert.deepEqual(item.Item, { id: { S: "node" } });
console.log("done");
