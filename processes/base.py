"""What every process has in common: one parameter model gives validation, description, command line and docs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pygeoapi.process.base import BaseProcessor

from geo.errors import Forbidden, InvalidInput, NeedsKey
from layers.identity import current
from layers.text import Text


class Parameters(BaseModel):
    """Base of all parameter models: a name that the model does not have is an error, never ignored.

    A field's Chinese title stands in ``json_schema_extra={"title_zh": ...}``, the English one in ``title``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False)


class Process(BaseProcessor, ABC):
    """A process of the service.

    Attributes
    ----------
    id : str
        Process id, kebab-case; the command line uses the same.
    title, description : Text
        What it does.
    parameters : type of Parameters
        What it takes.
    result : Text
        What it answers.
    example : dict
        Inputs that work on the sample city; tests run them, and the process's page shows them.
    least_role : str
        Least role that may run it.
    changing : bool
        Whether it writes; then its example needs what it writes to, and a test of its own runs it.
    """

    id: ClassVar[str]
    title: ClassVar[Text]
    description: ClassVar[Text]
    parameters: ClassVar[type[Parameters]]
    result: ClassVar[Text]
    example: ClassVar[dict[str, Any]]
    least_role: ClassVar[str] = "public"
    changing: ClassVar[bool] = False
    version: ClassVar[str] = "1.0.0"

    def __init__(self, processor_def: dict[str, Any] | None = None) -> None:
        super().__init__(processor_def or {"name": self.id}, self.describe())

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Process description of OGC API - Processes, with texts in both languages."""
        schema = cls.parameters.model_json_schema()
        shared = schema.pop("$defs", {})
        required = set(schema.get("required", []))
        inputs = {}
        for name, entry in schema.get("properties", {}).items():
            title = Text(zh=entry.pop("title_zh", name), en=entry.pop("title", name))
            text = Text(zh=entry.pop("description_zh", ""), en=entry.pop("description", ""))
            inputs[name] = {
                "title": title.both(),
                "description": text.both(),
                "schema": _inlined(entry, shared),
                "minOccurs": int(name in required),
                "maxOccurs": 1,
            }
        return {
            "id": cls.id,
            "version": cls.version,
            "title": cls.title.both(),
            "description": cls.description.both(),
            "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
            "outputTransmission": ["value"],
            "keywords": ["wangge"],
            "links": [],
            "inputs": inputs,
            "outputs": {
                "result": {
                    "title": cls.result.both(),
                    "schema": {"type": "object", "contentMediaType": "application/json"},
                }
            },
            "example": {"inputs": cls.example},
        }

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        """Check who asks and what was given, then run.

        Parameters
        ----------
        data : dict
            Inputs by name.
        outputs : object
            Ignored: every process has one output.

        Returns
        -------
        tuple of str and dict
            Media type and the result.

        Raises
        ------
        NeedsKey, Forbidden, InvalidInput
            As `accept`, and whatever the process itself finds wrong.
        """
        return "application/json", self.run(self.accept(data))

    def accept(self, data: dict[str, Any]) -> Parameters:
        """Check who asks and what was given.

        Parameters
        ----------
        data : dict
            Inputs by name.

        Returns
        -------
        Parameters
            An instance of the class's ``parameters``.

        Raises
        ------
        NeedsKey, Forbidden
            When the current identity may not run it.
        InvalidInput
            Naming the input, its value and what is wrong with it.
        """
        identity = current()
        if not identity.reaches(self.least_role):
            refusal = NeedsKey if identity.role == "public" else Forbidden
            raise refusal("process.role", process=self.id, role=self.least_role)
        try:
            return self.parameters.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in first["loc"]) or "inputs"
            raise InvalidInput(
                "process.input", process=self.id, field=place, value=_short(first["input"]), reason=first["msg"]
            ) from error

    @abstractmethod
    def run(self, parameters: Any) -> dict[str, Any]:
        """The process itself.

        Parameters
        ----------
        parameters : Parameters
            An instance of the class's ``parameters``.
        """


def _short(value: object, most: int = 80) -> str:
    """A value for a message: what was given, but not a whole layer of it."""
    text = str(value)
    return text if len(text) <= most else text[:most] + "…"


def _inlined(entry: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema without ``$ref``: process descriptions have no place for shared definitions."""
    if "$ref" in entry:
        return _inlined(shared[entry["$ref"].rsplit("/", 1)[-1]], shared)
    return {
        key: _inlined(value, shared)
        if isinstance(value, dict)
        else [_inlined(item, shared) if isinstance(item, dict) else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in entry.items()
    }
