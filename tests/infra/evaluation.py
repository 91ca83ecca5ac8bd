"""What a template deploys: its expressions evaluated for given parameters, modules included, down to the resources with their bodies.

Not a compiler: it knows what these templates use and refuses everything else, which is how a misspelt name is found.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tree_sitter import Node

from tests.infra import models
from tests.infra.functions import FUNCTIONS, GROUP, LOADERS, AtDeployment
from tests.infra.syntax import BicepError, Declaration, literal, members_of, read, text_of

_PRIMITIVES = {"string": str, "int": int, "bool": bool, "object": dict, "array": list}
_AROUND = ("parent", "scope", "name", "dependsOn")


@dataclass(frozen=True)
class Resource:
    """One resource as it is sent to Azure. ``scope`` is the resource that an extension lies on; ``existing`` ones are not deployed."""

    type: str
    api_version: str
    name: str
    body: Mapping[str, Any]
    scope: "Resource | None" = None
    parent: "Resource | None" = None
    existing: bool = False

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{self.parent.id}/{self.type.rpartition('/')[2]}/{self.name}" if self.parent else f"{GROUP}/providers/{self.type}/{self.name}"

    def member(self, name: str) -> Any:
        """What ``symbol.name`` stands for in an expression."""
        if name in ("id", "name"):
            return getattr(self, name)
        if name == "properties":
            return Answer(f"{self.type}.properties", models.answer(self.type, "properties"))
        raise BicepError(f"{self.type} has no {name} that could be asked for")


@dataclass(frozen=True)
class Answer:
    """A part of what Azure answers about a resource. Only its shape is known."""

    path: str
    shape: models.Shape

    def member(self, name: str) -> "Answer | AtDeployment":
        """One step down; raises ``BicepError`` when Azure's own models have no such member."""
        path = f"{self.path}.{name}"
        members = models.members(self.shape)
        if name not in members:
            raise BicepError(f"{path} does not exist")
        shape = members[name].shape
        return Answer(path, shape) if models.members(shape) else AtDeployment(path)


@dataclass(frozen=True)
class Deployment:
    """What one file deploys, modules included, and what it puts out."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]

    def of_type(self, resource_type: str) -> list[Resource]:
        """The deployed resources of a type."""
        return [resource for resource in self.resources if resource.type == resource_type and not resource.existing]

    def one(self, resource_type: str, name: str = "") -> Resource:
        """The only resource of a type, or the one of it with that name."""
        found = [resource for resource in self.of_type(resource_type) if name in ("", resource.name)]
        if len(found) != 1:
            raise BicepError(f"{len(found)} resources {resource_type} {name}, where one is expected")
        return found[0]


def deploy(files: Mapping[str, str], path: str, parameters: Mapping[str, Any]) -> Deployment:
    """Evaluate a template. ``files`` are texts by path. Raises ``BicepError`` where Azure or the compiler would refuse it."""
    return _File(files, path, parameters).deploy()


class _File:
    def __init__(self, files: Mapping[str, str], path: str, parameters: Mapping[str, Any]) -> None:
        self._files, self._path, self._parameters = files, path, parameters
        try:
            self._declared = {declaration.name: declaration for declaration in read(files[path]) if declaration.kind != "output"}
            self._outputs = [declaration for declaration in read(files[path]) if declaration.kind == "output"]
        except KeyError as error:
            raise BicepError(f"{path} does not exist") from error
        self._known: dict[str, Any] = {}
        self._resources: list[Resource] = []

    def deploy(self) -> Deployment:
        try:
            self._check_arguments()
            for name in self._declared:
                self._named(name)
            outputs = {output.name: self._typed(output, self._value(output)) for output in self._outputs}
        except BicepError as error:
            raise BicepError(f"{self._path}: {error}") from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise BicepError(f"{self._path}: an expression does not work: {error!r}") from error
        return Deployment(tuple(self._resources), outputs)

    def _check_arguments(self) -> None:
        wanted = {name: item for name, item in self._declared.items() if item.kind == "param"}
        if unknown := set(self._parameters) - set(wanted):
            raise BicepError(f"there is no parameter {sorted(unknown)}")
        if missing := [name for name, item in wanted.items() if item.value is None and name not in self._parameters]:
            raise BicepError(f"parameters {missing} are not given")

    def _named(self, name: str) -> Any:
        if name not in self._known:
            if name not in self._declared:
                raise BicepError(f"the name {name} is not declared")
            self._known[name] = self._declare(self._declared[name])
        return self._known[name]

    def _declare(self, declaration: Declaration) -> Any:
        match declaration.kind:
            case "param":
                given = self._parameters[declaration.name] if declaration.name in self._parameters else self._value(declaration)
                return self._allowed(declaration, self._typed(declaration, given))
            case "resource":
                return self._conditional(declaration, lambda node, local: self._resource(declaration, node, local))
            case "module":
                return self._conditional(declaration, lambda node, local: self._module(declaration, node, local))
            case "type":
                return declaration
        return self._value(declaration)

    def _value(self, declaration: Declaration) -> Any:
        assert declaration.value is not None
        return self._evaluate(declaration.value, {})

    def _typed(self, declaration: Declaration, value: Any) -> Any:
        wanted = text_of(declaration.type) if declaration.type else ""
        if wanted in _PRIMITIVES:
            is_right = isinstance(value, (_PRIMITIVES[wanted], Answer if wanted == "object" else _PRIMITIVES[wanted]))
            if not is_right or (wanted == "int" and isinstance(value, bool)):
                raise BicepError(f"{declaration.name} is to be {wanted} and is {value!r}")
        elif unknown := set(value) - set(members_of(self._type(wanted))):
            raise BicepError(f"{declaration.name} has no members {sorted(unknown)}")
        return value

    def _type(self, name: str) -> Node:
        declaration = self._declared.get(name)
        if declaration is None or declaration.kind != "type" or declaration.value is None:
            raise BicepError(f"there is no type {name}")
        return declaration.value

    def _allowed(self, declaration: Declaration, value: Any) -> Any:
        limits = {name: self._evaluate(node.named_children[0], {}) for name, node in declaration.decorators.items() if node.named_children}
        low, high = limits.get("minValue", value), limits.get("maxValue", value)
        if any(item not in limits.get("allowed", [item]) for item in (value if isinstance(value, list) else [value])) or (
            isinstance(value, int) and not low <= value <= high
        ):
            raise BicepError(f"{declaration.name} may not be {value!r}")
        return value

    def _conditional(self, declaration: Declaration, make: Callable[[Node, Mapping[str, Any]], Any]) -> Any:
        """What is made of a body that may stand behind ``if``, or in a loop."""
        node = declaration.value
        assert node is not None
        if node.type == "for_statement":
            return self._loop(node, {}, make)
        if node.type == "if_statement":
            condition, body = node.named_children
            return make(body, {}) if self._evaluate(condition, {}) else None
        return make(node, {})

    def _resource(self, declaration: Declaration, node: Node, local: Mapping[str, Any]) -> Resource:
        body = self._evaluate(node, local)
        kind, _, version = declaration.target.partition("@")
        parent, scope = body.get("parent"), body.get("scope")
        if not all(item is None or isinstance(item, Resource) for item in (parent, scope)):
            raise BicepError(f"the parent or scope of {declaration.name} is no resource")
        if (parent.type if parent else "") != (kind.rpartition("/")[0] if kind.count("/") > 1 else ""):
            raise BicepError(f"{declaration.name} is a {kind}, which does not lie in a {parent.type if parent else 'resource group'}")
        sent = {name: value for name, value in body.items() if name not in _AROUND}
        resource = Resource(kind, version, body["name"], sent, scope, parent, declaration.existing)
        self._resources.append(resource)
        return resource

    def _module(self, declaration: Declaration, node: Node, local: Mapping[str, Any]) -> Deployment:
        body = self._evaluate(node, local)
        if unknown := set(body) - {"name", "params"}:
            raise BicepError(f"the module {declaration.name} has no {sorted(unknown)}")
        deployment = deploy(self._files, posixpath.join(posixpath.dirname(self._path), declaration.target), body["params"])
        self._resources.extend(deployment.resources)
        return deployment

    def _loop(self, node: Node, local: Mapping[str, Any], make: Callable[[Node, Mapping[str, Any]], Any]) -> list[Any]:
        variables, values, body = node.named_children
        names = [text_of(part) for part in variables.named_children or [variables]]
        turns = enumerate(self._evaluate(values, local))
        return [make(body, {**local, **dict(zip(names, (value, index), strict=False))}) for index, value in turns]

    def _evaluate(self, node: Node, local: Mapping[str, Any]) -> Any:
        match node.type:
            case "string":
                return self._text(node, local)
            case "number":
                return int(text_of(node))
            case "boolean":
                return text_of(node) == "true"
            case "null":
                return None
            case "identifier":
                name = text_of(node)
                return local[name] if name in local else self._named(name)
            case "parenthesized_expression":
                return self._evaluate(node.named_children[0], local)
            case "array":
                return [self._evaluate(item, local) for item in node.named_children]
            case "object":
                return self._object(node, local)
            case "for_statement":
                return self._loop(node, local, self._evaluate)
            case "ternary_expression":
                condition, yes, no = node.named_children
                return self._evaluate(yes if self._evaluate(condition, local) else no, local)
        return self._operation(node, local)

    def _operation(self, node: Node, local: Mapping[str, Any]) -> Any:
        match node.type:
            case "unary_expression":
                return not self._evaluate(node.named_children[0], local)
            case "binary_expression":
                return self._binary(node, local)
            case "call_expression":
                return self._call(node, local)
            case "lambda_expression":
                variable, body = node.named_children
                return lambda value: self._evaluate(body, {**local, text_of(variable): value})
            case "member_expression" | "subscript_expression":
                return self._member(node, local)
        raise BicepError(f"line {node.start_point[0] + 1}: the checks know no {node.type}")

    def _text(self, node: Node, local: Mapping[str, Any]) -> str:
        pieces = node.named_children
        parts = [self._evaluate(piece.named_children[0], local) if piece.type == "interpolation" else literal(piece) for piece in pieces]
        if not all(isinstance(part, (str, int)) for part in parts):
            raise BicepError(f"{text_of(node)} puts something into a text that is none")
        made = "".join(map(str, parts))
        return AtDeployment(made) if any(isinstance(part, AtDeployment) for part in parts) else made

    def _object(self, node: Node, local: Mapping[str, Any]) -> dict[str, Any]:
        pairs = [item.named_children for item in node.named_children if item.type == "object_property"]
        found = [(self._text(key, local) if key.type == "string" else text_of(key), self._evaluate(value, local)) for key, value in pairs]
        if len(dict(found)) < len(found):
            raise BicepError(f"line {node.start_point[0] + 1}: a name stands twice in one object")
        return dict(found)

    def _binary(self, node: Node, local: Mapping[str, Any]) -> Any:
        left, right = node.named_children
        sign = node.children[1].type
        first = self._evaluate(left, local)
        if sign == "&&":
            return first and self._evaluate(right, local)
        if sign == ">":
            return first > self._evaluate(right, local)
        raise BicepError(f"line {node.start_point[0] + 1}: the checks know no {sign}")

    def _call(self, node: Node, local: Mapping[str, Any]) -> Any:
        name = text_of(node.named_children[0])
        arguments = [self._evaluate(argument, local) for argument in node.named_children[1].named_children]
        if name in LOADERS:
            return LOADERS[name](self._file(*arguments))
        if name not in FUNCTIONS:
            raise BicepError(f"there is no function {name}")
        return FUNCTIONS[name](*arguments)

    def _file(self, target: str) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), target))
        if path not in self._files or "//" in target:
            raise BicepError(f"{target} does not exist")
        return self._files[path]

    def _member(self, node: Node, local: Mapping[str, Any]) -> Any:
        item = self._evaluate(node.named_children[0], local)
        key = node.named_children[1]
        name = text_of(key) if key.type == "property_identifier" else self._evaluate(key, local)
        if isinstance(item, (Resource, Answer)):
            return item.member(name)
        if isinstance(item, Deployment):
            return {"outputs": item.outputs}[name]
        return item[name]
