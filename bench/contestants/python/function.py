"""GET /v2/user/me in Python: the same two reads as ../src/lib.rs, neither verifies the token."""

import base64
import json
import os

import boto3

TABLE = os.environ.get("SCANWARD_TABLE", "scanward")
SHOWN = (
    "id email role first_name last_name locale timezone phone mobile_phone url title address city state country zipcode"
    " comment organization_id confirmed_at created_at updated_at"
).split()

dynamodb = boto3.client("dynamodb", endpoint_url=os.environ.get("SCANWARD_DYNAMODB_ENDPOINT"))


def key(partition, sort):
    return {"PK": {"S": partition}, "SK": {"S": sort}}


# Opens the connection before the first event.
dynamodb.get_item(TableName=TABLE, Key=key("NONE", "NONE"))


def claims(headers):
    payload = headers["authorization"].removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def handler(event, _context):
    said = claims(event["headers"])
    keys = [key(f"SESSION#{said['sid']}", "SESSION"), key(f"USER#{said['sub']}", "PROFILE")]
    found = dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})
    items = {item["SK"]["S"]: item for item in found["Responses"][TABLE]}
    items["SESSION"]
    user = items["PROFILE"]
    body = json.dumps({name: user.get(name, {}).get("S") for name in SHOWN})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body, "isBase64Encoded": False}
