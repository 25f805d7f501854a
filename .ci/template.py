#!/usr/bin/env python3
"""Checks of template.yaml that linters do not make. Needs aws-sam-translator, and no access to AWS.

- The template grows slowly: neither its lines nor the stack's resources exceed the aims for its number of routes and
  of workers. The same is estimated and printed for the platform at full breadth, with copies of the existing functions and routes,
  transformed as SAM does it for a deployment; there the resources alone are limited, since new routes of a function
  count in its copies too.
- No resource depends on itself, the deployments of aliases included.
- A parameter that changes a function publishes a version of it: VersionDescription contains every parameter that the
  environment contains.
- Every integration leads to the alias of the function that it is named after, the gateway may invoke it, and a route uses
  it.
- Every other function is a worker: a stream calls its alias, its role may send what fails to a queue, and alarms watch the
  queue and the lag; or a schedule calls its alias, and an alarm watches that it does.
- The dashboard is JSON.
"""

import copy
import json
import logging
import os
import re
import sys
from collections import Counter
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# The translator logs remarks on its own features.
logging.disable(logging.WARNING)

# The maximum of lines and of resources by the number of routes, interpolated linearly in between.
AIMS = {44: (1000, 70), 239: (1700, 200)}
# What a worker may add: the lines of its section; its function, version, alias, role, deployment group, stream, queue and
# two alarms.
WORKER = (90, 9)
FULL_FUNCTIONS, FULL_ROUTES = 30, 239
FUNCTION = "AWS::Serverless::Function"
# Parameters that only the first start uses.
WITHOUT_VERSION = {"AdminEmail"}


def transform(template):
    template = copy.deepcopy(template)
    # The transformation needs the code where `sam package` would put it.
    for function in functions(template).values():
        function["CodeUri"] = "s3://bucket/key"
    given = {name: "" for name, parameter in template["Parameters"].items() if "Default" not in parameter}
    return Translator({}, Parser()).translate(template, given)["Resources"]


def functions(template):
    return {name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == FUNCTION}


def name_of(logical_id):
    """The name of a function: PortListsFunction is port-lists."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", logical_id.removesuffix("Function")).lower()


def definition(template):
    return template["Resources"]["HttpApi"]["Properties"]["DefinitionBody"]


def integrations(template):
    return definition(template)["components"]["x-amazon-apigateway-integrations"]


def routes(template):
    """The routes, each with the integration that it refers to."""
    return {
        f"{method.upper()} {path}": operation["x-amazon-apigateway-integration"]["$ref"].rsplit("/", 1)[1]
        for path, operations in definition(template)["paths"].items()
        for method, operation in operations.items()
    }


def workers(template):
    """The functions that streams call."""
    return {name: it for name, it in functions(template).items() if "Events" in it}


def aims(count, workers):
    """The maximum of lines and of resources for `count` routes and a number of workers."""
    (few, small), (many, large) = AIMS.items()
    share = (count - few) / (many - few)
    return [round(low + share * (high - low)) + workers * own for low, high, own in zip(small, large, WORKER)]


def lines_of(text, start, end):
    """The number of lines from the one that `start` matches up to the one that `end` matches."""
    begin = re.search(start, text, re.MULTILINE).start()
    return text[begin : begin + re.search(end, text[begin:], re.MULTILINE).start()].count("\n")


def full_breadth(template, text):
    """The template with copies of its functions and routes, up to full breadth, and its estimated number of lines. Workers
    come on top."""
    full = copy.deepcopy(template)
    resources, paths = full["Resources"], definition(full)["paths"]
    originals = [name for name in functions(template) if name not in workers(template)]
    lines = text.count("\n")
    own = lines_of(text, r"^  # ---- Functions", r"^  # ---- Workers") / len(originals)
    own += lines_of(text, r"^          x-amazon-apigateway-integrations:", r"^$") / len(originals)
    for number in range(len(originals), FULL_FUNCTIONS):
        resources[f"Copy{number}Function"] = copy.deepcopy(resources[originals[number % len(originals)]])
        lines += own
    count = len(routes(template))
    each = lines_of(text, r"^        paths:", r"^        components:") / count
    for number in range(count, FULL_ROUTES):
        paths[f"/copy/{number}"] = copy.deepcopy(next(iter(paths.values())))
        lines += each
    return full, round(lines)


def references(value):
    """The names that a value refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield (inner if isinstance(inner, list) else inner.split("."))[0]
            elif key == "Fn::Sub":
                text = inner[0] if isinstance(inner, list) else inner
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
                yield from references(inner[1:] if isinstance(inner, list) else [])
            elif key == "DependsOn":
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def cycles(resources):
    """The resources that depend on themselves, or on one that does."""
    waits = {name: {to for to in references(it) if to in resources} for name, it in resources.items()}
    while free := [name for name, to in waits.items() if not to]:
        for name in free:
            del waits[name]
        for to in waits.values():
            to.difference_update(free)
    return sorted(waits)


def problems(template, resources):
    if found := cycles(resources):
        yield f"these resources depend on one another: {', '.join(found)}"
    common = template["Globals"]["Function"]["Environment"]
    for name, function in functions(template).items():
        has = {it for it in references([common, function.get("Environment")]) if it in template["Parameters"]}
        has |= {it for it in references(template["Resources"]["TableArn"]) if it in template["Parameters"]}
        held = set(references(function.get("VersionDescription")))
        if function.get("AutoPublishAliasAllProperties") is not True or has - WITHOUT_VERSION - held:
            yield f"{name} needs AutoPublishAliasAllProperties, and a VersionDescription that holds {sorted(has)}"
        if 256 < 4 + sum(int(template["Parameters"][it].get("MaxLength", 5)) for it in held):
            yield f"the VersionDescription of {name} can be longer than 256 characters"
    invoked = set(references(template["Resources"]["GatewayRole"]["Properties"]["Policies"]))
    referred = set(routes(template).values())
    for name, integration in integrations(template).items():
        logical_id = next((it for it in functions(template) if name_of(it) == name), None)
        if not integration["uri"]["Fn::Sub"].endswith(f"/functions/${{{logical_id}.Arn}}:live/invocations"):
            yield f"the integration {name} does not lead to the alias of its function"
        if f"{logical_id}.Alias" not in invoked:
            yield f"GatewayRole may not invoke {name}"
        if name not in referred:
            yield f"no route leads to the integration {name}"
    for name in sorted(referred - set(integrations(template))):
        yield f"routes lead to {name}, which is no integration"
    for name in functions(template):
        if name not in workers(template) and name_of(name) not in integrations(template):
            yield f"nothing calls {name}"
    for name in workers(template):
        yield from problems_of_worker(name, resources)
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    try:
        json.loads(re.sub(r"\$\{[^}]+\}", "x", body))
    except ValueError as error:
        yield f"the dashboard is not JSON: {error}"


def problems_of_worker(name, resources):
    """The problems of a worker, in the resources that SAM makes of it."""
    alarms = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::CloudWatch::Alarm"]

    def has_alarm(metric, of):
        return any(it.get("MetricName") == metric and of in references(it["Dimensions"]) for it in alarms)

    schedules = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::Scheduler::Schedule"]
    if any(it["Target"]["Arn"] == {"Ref": f"{name}Aliaslive"} for it in schedules):
        if not has_alarm("Invocations", name):
            yield f"{name} needs an alarm on its Invocations"
        return
    mappings = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::Lambda::EventSourceMapping"]
    mappings = [it for it in mappings if it["FunctionName"] == {"Ref": f"{name}Aliaslive"}]
    if not mappings or not has_alarm("IteratorAge", name):
        yield f"{name} needs a stream that calls its alias, and an alarm on its IteratorAge"
    for mapping in mappings:
        queue = next(references(mapping.get("DestinationConfig")), None)
        if not queue or not has_alarm("ApproximateNumberOfMessagesVisible", queue):
            yield f"{name} needs a queue for what fails for good, and an alarm on it"
        statements = [it["PolicyDocument"]["Statement"] for it in resources[f"{name}Role"]["Properties"]["Policies"]]
        sending = [it for it in sum(statements, []) if "sqs:SendMessage" in it["Action"]]
        if queue not in references(sending):
            yield f"the role of {name} may not send what fails to its queue"


def main():
    text = Path(__file__).parent.parent.joinpath("template.yaml").read_text()
    template = yaml_parse(text)
    resources = transform(template)
    full, full_lines = full_breadth(template, text)
    sizes = [
        (len(functions(template)), len(routes(template)), text.count("\n"), len(resources)),
        (len(functions(full)), len(routes(full)), full_lines, len(transform(full))),
    ]
    working = len(workers(template))
    found = list(problems(template, resources))
    for count, ways, lines, size in sizes:
        most = aims(ways, working)
        print(f"{count} functions, {working} of them workers, {ways} routes: {lines} lines of {most[0]}, {size} resources of {most[1]}")
        if size >= most[1] or (ways == len(routes(template)) and lines >= most[0]):
            found.append(
                f"{ways} routes take {lines} lines of {most[0]} and {size} resources of {most[1]}; "
                "share statements in a policy, or log groups, alarms and the like between functions"
            )
    kinds = Counter(it["Type"] for it in resources.values())
    print(", ".join(f"{number} {kind.removeprefix('AWS::')}" for kind, number in kinds.most_common()))
    for problem in found:
        print(f"template.yaml: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
