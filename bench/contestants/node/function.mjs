// GET /v2/user/me in JavaScript: the same two reads as ../src/lib.rs, neither verifies the token.
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const TABLE = process.env.SCANWARD_TABLE ?? 'scanward';
const SHOWN =
  'id email role first_name last_name locale timezone phone mobile_phone url title address city state country zipcode comment organization_id confirmed_at created_at updated_at'.split(
    ' ',
  );

const dynamodb = new DynamoDBClient({ endpoint: process.env.SCANWARD_DYNAMODB_ENDPOINT });
const key = (partition, sort) => ({ PK: { S: partition }, SK: { S: sort } });

// Opens the connection before the first event.
await dynamodb.send(new GetItemCommand({ TableName: TABLE, Key: key('NONE', 'NONE') }));

const claims = (headers) => {
  const [, payload] = headers.authorization.replace(/^Bearer /, '').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url'));
};

export const handler = async (event) => {
  const { sid, sub } = claims(event.headers);
  const keys = [key(`SESSION#${sid}`, 'SESSION'), key(`USER#${sub}`, 'PROFILE')];
  const request = new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys: keys, ConsistentRead: true } } });
  const found = (await dynamodb.send(request)).Responses[TABLE];
  const item = (sort) => found.find((item) => item.SK.S === sort);
  if (!item('SESSION')) throw new Error('no such session');
  const user = item('PROFILE');
  const body = JSON.stringify(Object.fromEntries(SHOWN.map((name) => [name, user[name]?.S ?? null])));
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body, isBase64Encoded: false };
};
