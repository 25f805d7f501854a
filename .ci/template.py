#!/usr/bin/env python3
"""Checks of template.yaml that linters do not make. Needs aws-sam-translator; asks no AWS.

- The stack has room: with twice the operations it would still be within CloudFormation's limit of resources. Twice the
  operations is the template with every route there a second time, transformed as SAM does it when it deploys, so that
  what SAM makes for each route is counted as it is.
- No resource waits for itself, the deployments of aliases included.
- A parameter that changes a function makes a version of it: VersionDescription holds what the environment does.
- Every route that writes has a rate of its own, and every rate a route.
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

# The translator remarks on its own features.
logging.disable(logging.WARNING)

LIMIT = 500
FUNCTION = "AWS::Serverless::Function"
# Used once, by the first start.
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


def routes(template):
    events = (event for function in functions(template).values() for event in function.get("Events", {}).values())
    return {f"{event['Properties']['Method']} {event['Properties']['Path']}" for event in events}


def twice(template):
    """The template with every route a second time."""
    template = copy.deepcopy(template)
    for function in functions(template).values():
        for name, event in list(function.get("Events", {}).items()):
            again = copy.deepcopy(event)
            again["Properties"]["Path"] = "/again" + again["Properties"]["Path"]
            function["Events"][f"{name}Again"] = again
    return template


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


def circles(resources):
    """The resources that wait for themselves, or for one that does."""
    waits = {name: {to for to in references(it) if to in resources} for name, it in resources.items()}
    while free := [name for name, to in waits.items() if not to]:
        for name in free:
            del waits[name]
        for to in waits.values():
            to.difference_update(free)
    return sorted(waits)


def problems(template, resources):
    if found := circles(resources):
        yield f"these wait for one another: {', '.join(found)}"
    common = template["Globals"]["Function"]["Environment"]
    for name, function in functions(template).items():
        has = {it for it in references([common, function.get("Environment")]) if it in template["Parameters"]}
        told = set(references(function.get("VersionDescription")))
        if function.get("AutoPublishAliasAllProperties") is not True or has - WITHOUT_VERSION != told:
            yield f"{name} needs AutoPublishAliasAllProperties, and a VersionDescription that holds {sorted(has)}"
    rates = set(template["Resources"]["HttpApi"]["Properties"]["RouteSettings"])
    writing = {route for route in routes(template) if not route.startswith("GET ")}
    for route in sorted(rates ^ writing):
        yield f"{route} is not both a route that writes and a rate of HttpApi"
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    try:
        json.loads(re.sub(r"\$\{[^}]+\}", "x", body))
    except ValueError as error:
        yield f"the dashboard is not JSON: {error}"


def main():
    template = yaml_parse(Path(__file__).parent.parent.joinpath("template.yaml").read_text())
    resources, doubled = transform(template), transform(twice(template))
    kinds = Counter(it["Type"] for it in resources.values())
    count, again = len(routes(template)), len(routes(twice(template)))
    print(f"{len(resources)} resources for {count} routes, {len(doubled)} for {again}, of {LIMIT} at most")
    print(", ".join(f"{number} {kind.removeprefix('AWS::')}" for kind, number in kinds.most_common()))
    found = list(problems(template, resources))
    if len(doubled) > LIMIT:
        found.append(f"with {again} routes the stack would have {len(doubled)} resources, of {LIMIT} at most")
    for problem in found:
        print(f"template.yaml: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
