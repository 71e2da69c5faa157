"""Operators for templates, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushConnectionError, TruepushRateLimitError, TruepushServerError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.template import (
    TruepushCreateTemplateOperator,
    TruepushDeleteTemplateOperator,
    TruepushListTemplatesOperator,
)
from tests.operators.resources import (
    DONE_BUT_UNANSWERED,
    NOT_DONE_AND_UNANSWERED,
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    fault_name,
    rendered_in,
    said_fixture,
    sent,
    templated,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture"]

LEAST: dict[str, Any] = {"name": "Weekly", "title": "T", "message": "M", "link": "https://example.com/a"}
FULL: dict[str, Any] = {
    **LEAST,
    "buttons": [{"text": "Read", "link": "https://example.com/b"}],
    "tags": ["a", "b"],
    "user_interaction": True,
    "image": "https://example.com/i.png",
    "icon": "https://example.com/j.png",
}
BODY = {**{key: value for key, value in FULL.items() if key != "user_interaction"}, "userInteractionRequired": True}


def create(**arguments: Any) -> Any:
    return TruepushCreateTemplateOperator(task_id="create", **{**LEAST, **arguments}).execute({})


def seed(emulator: Emulator, *names: str) -> list[str]:
    return emulator.seed({"templates": [{"name": name} for name in names]})["templates"]


def ids(emulator: Emulator, name: str = "Weekly") -> list[str]:
    return [row["id"] for row in emulator.templates() if row["name"] == name]


class TestCreate:
    def test_what_is_sent_and_returned(self, emulator: Emulator) -> None:
        created = create(**FULL)
        assert [created] == ids(emulator)
        assert [row.body for row in emulator.requests("createTemplate")] == [BODY]

    def test_a_button_of_the_model(self, emulator: Emulator) -> None:
        create(buttons=[Button("Read", "https://example.com/b")])
        (row,) = emulator.requests("createTemplate")
        assert row.body["buttons"] == BODY["buttons"]

    @pytest.mark.parametrize("native", [False, True])
    def test_every_field_is_a_template_and_both_renderings_send_the_same(
        self, emulator: Emulator, native: bool
    ) -> None:
        arguments = {**FULL, "name": "20261201", "tags": ["2026", "b"], "if_exists": "reuse"}
        templates, context = templated({**arguments, "truepush_conn_id": "truepush_default"})
        operator = rendered_in(TruepushCreateTemplateOperator, context, native=native, **templates)
        assert set(operator.template_fields) == set(templates)
        operator.execute({})
        (row,) = emulator.requests("createTemplate")
        assert row.body == {**BODY, "name": "20261201", "tags": ["2026", "b"]}

    def test_the_rendering_of_the_task_goes_before_that_of_the_dag(self, emulator: Emulator) -> None:
        if not hasattr(TruepushCreateTemplateOperator, "render_template_as_native_obj"):
            pytest.skip("this Airflow knows the setting on DAGs only")
        arguments = {**LEAST, "name": "{{ 20261201 }}", "render_template_as_native_obj": True}
        rendered_in(TruepushCreateTemplateOperator, {}, **arguments).execute({})
        assert emulator.requests("createTemplate")[0].body == {**LEAST, "name": "20261201"}

    @pytest.mark.parametrize("native", [False, True])
    def test_values_that_are_missing_in_the_context_of_the_run(self, emulator: Emulator, native: bool) -> None:
        optional = dict.fromkeys(("buttons", "tags", "user_interaction", "image", "icon"))
        templates, context = templated({**LEAST, **optional})
        rendered_in(TruepushCreateTemplateOperator, context, native=native, **templates).execute({})
        assert emulator.requests("createTemplate")[0].body == LEAST

    @pytest.mark.parametrize("native", [False, True])
    def test_lists_as_json_and_templates_inside_them(self, emulator: Emulator, native: bool) -> None:
        context = {"tags": ["a", "b"], "text": "Read", "host": "example.com"}
        operator = rendered_in(
            TruepushCreateTemplateOperator,
            context,
            native=native,
            **LEAST,
            tags="{{ tags | tojson }}",
            buttons=[{"text": "{{ text }}", "link": "https://{{ host }}/b"}],
        )
        operator.execute({})
        (row,) = emulator.requests("createTemplate")
        assert (row.body["tags"], row.body["buttons"]) == (["a", "b"], BODY["buttons"])

    @pytest.mark.parametrize(
        ("argument", "bad"),
        [
            *[(name, bad) for name in ("name", "title", "message", "link") for bad in (None, "", " ", 5, [], "None")],
            ("link", "example.com"),
            ("link", "ftp://example.com"),
            ("buttons", "Read"),
            ("buttons", 5),
            ("buttons", ["Read"]),
            ("buttons", [{"text": "Read"}]),
            ("buttons", [{"text": "Read", "link": "https://example.com", "color": "red"}]),
            ("buttons", [{"text": "R", "link": "https://example.com"}] * 3),
            ("tags", "a"),
            ("tags", [5]),
            ("tags", [""]),
            ("user_interaction", "yes"),
            ("user_interaction", 1),
            ("image", "i.png"),
            ("image", 5),
            ("icon", "j.png"),
            ("icon", ""),
            ("if_exists", "ignore"),
            ("if_exists", None),
            ("if_exists", ["reuse"]),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(self, emulator: Emulator, argument: str, bad: Any) -> None:
        with pytest.raises(AirflowFailException, match=rf"\b{argument}\b"):
            create(**{argument: bad})
        assert emulator.count() == 0

    def test_a_connection_that_is_missing_is_named(self) -> None:
        with pytest.raises(Exception, match="no_such_connection"):
            create(truepush_conn_id="no_such_connection")


class TestIfExists:
    def test_fail_names_the_one_that_exists(self, emulator: Emulator) -> None:
        _, _, _, old = seed(emulator, "a", "b", "c", "Weekly")  # on the second page
        with pytest.raises(AirflowFailException, match=rf"'Weekly' exists already: {old}\. Nothing was sent"):
            create()
        assert sent(emulator) == []

    def test_reuse(self, emulator: Emulator) -> None:
        _, _, old = seed(emulator, "a", "b", "Weekly")
        assert create(if_exists="reuse") == old
        assert sent(emulator) == []

    def test_reuse_creates_the_first(self, emulator: Emulator) -> None:
        seed(emulator, "weekly", "Weekly ", "Weekly!")
        assert [create(if_exists="reuse"), create(if_exists="reuse")] == ids(emulator) * 2

    def test_reuse_of_several_takes_none(self, emulator: Emulator) -> None:
        old = seed(emulator, "Weekly", "Weekly")
        with pytest.raises(AirflowFailException, match="2 templates are named 'Weekly'") as caught:
            create(if_exists="reuse")
        assert all(one in str(caught.value) for one in old)
        assert sent(emulator) == []

    def test_replace_creates_before_it_deletes_every_old_one(self, emulator: Emulator) -> None:
        seed(emulator, "a", "Weekly", "b", "Weekly")
        created = create(if_exists="replace")
        assert ids(emulator) == [created]
        assert sent(emulator) == ["createTemplate", "deleteTemplate", "deleteTemplate"]
        assert len(emulator.templates()) == 3

    def test_running_again_piles_nothing_up(self, emulator: Emulator) -> None:
        for _ in range(3):
            last = create(if_exists="replace")
        assert ids(emulator) == [last]

    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    def test_a_list_that_fails_is_worth_a_retry_and_nothing_is_sent(self, emulator: Emulator, if_exists: str) -> None:
        emulator.fault("listTemplate", effect="status", status=503)
        with pytest.raises(TruepushServerError):
            create(if_exists=if_exists)
        assert sent(emulator) == []

    def test_one_deleted_by_somebody_else_meanwhile(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        (old,) = seed(emulator, "Weekly")
        send = TruepushHook.create_template

        def create_template(hook: TruepushHook, template: Any) -> Any:
            hook.delete_template(old)
            return send(hook, template)

        monkeypatch.setattr(TruepushHook, "create_template", create_template)
        assert [create(if_exists="replace")] == ids(emulator)


class TestBetweenCreateAndDelete:
    def test_the_old_one_cannot_be_deleted(self, emulator: Emulator) -> None:
        first, second = seed(emulator, "Weekly", "Weekly")
        emulator.fault("deleteTemplate", nth=1, effect="status", status=503)
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        (new,) = set(ids(emulator)) - {first}
        assert f"The new template {new} 'Weekly' was created; deleted of the old ones: {second};" in str(caught.value)
        assert f"not certainly deleted: {first} (" in str(caught.value)
        emulator.clear_faults()
        assert [create(if_exists="replace")] == ids(emulator), "running it again cleans up"

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_no_old_one_goes_before_the_new_one_is_certain(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", **fault)
        with pytest.raises(AirflowFailException, match=f"The old template {old} is there as before"):
            create(if_exists="replace")
        assert sent(emulator) == ["createTemplate"]
        assert ids(emulator) == [old]

    def test_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", effect="outcome", code="BAD-REQUEST")
        with pytest.raises(AirflowFailException, match="refused the request"):
            create(if_exists="replace")
        assert ids(emulator) == [old]

    def test_limited(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", effect="429")
        with pytest.raises(TruepushRateLimitError):
            create(if_exists="replace")
        assert (ids(emulator), sent(emulator)) == ([old], ["createTemplate"])

    def test_no_id_and_nothing_in_the_list(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.set_dialect("mute")
        emulator.fault("listTemplate", nth=[3, 4, 5], effect="status", status=503)
        with pytest.raises(AirflowFailException, match=f"nothing tells its id, and so nothing was deleted: {old}"):
            create(if_exists="replace")
        assert len(ids(emulator)) == 2


class TestDoubt:
    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    @pytest.mark.parametrize("fault", DONE_BUT_UNANSWERED, ids=fault_name)
    def test_the_list_tells_the_id(self, emulator: Emulator, fault: dict[str, Any], if_exists: str) -> None:
        seed(emulator, "a", "b", *(["Weekly", "Weekly"] if if_exists == "replace" else []))
        emulator.fault("createTemplate", **fault)
        assert [create(if_exists=if_exists)] == ids(emulator)
        assert sent(emulator).count("createTemplate") == 1

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_nothing_in_the_list_is_for_a_person(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        emulator.fault("createTemplate", **fault)
        with pytest.raises(AirflowFailException, match=r"no new one of the name \(yet\)\. A person has to look"):
            create(if_exists="reuse")
        assert sent(emulator) == ["createTemplate"]

    def test_what_comes_late_is_found_by_the_next_run(self, emulator: Emulator) -> None:
        emulator.fault("createTemplate", effect="late_commit", clock="manual")
        with pytest.raises(AirflowFailException):
            create(if_exists="reuse")
        emulator.commit_late()
        assert [create(if_exists="reuse")] == ids(emulator)

    def test_two_new_ones_are_for_a_person(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        send = TruepushHook.create_template

        def create_template(hook: TruepushHook, template: Any) -> Any:
            seed(emulator, "Weekly")
            return send(hook, template)

        monkeypatch.setattr(TruepushHook, "create_template", create_template)
        emulator.fault("createTemplate", effect="fin")
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        assert f"2 new ones of the name: {', '.join(ids(emulator))}" in str(caught.value)

    def test_the_list_fails_as_well(self, emulator: Emulator) -> None:
        emulator.fault("createTemplate", effect="fin")
        emulator.fault("listTemplate", nth=2, effect="status", status=503)
        with pytest.raises(AirflowFailException, match="Looking for it failed as well"):
            create()
        assert sent(emulator) == ["createTemplate"]

    def test_certainly_not_sent_is_worth_a_retry(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        def create_template(hook: TruepushHook, template: Any) -> Any:
            raise TruepushConnectionError("refused")

        monkeypatch.setattr(TruepushHook, "create_template", create_template)
        with pytest.raises(TruepushConnectionError):
            create()


class TestWithoutAnId:
    def test_the_list_tells_it(self, emulator: Emulator) -> None:
        seed(emulator, "a", "b", "Weekly")
        emulator.set_dialect("mute")
        assert [create(if_exists="replace")] == ids(emulator)
        assert sent(emulator) == ["createTemplate", "deleteTemplate"]

    def test_nothing_tells_it(self, emulator: Emulator, said: Said) -> None:
        emulator.set_dialect("mute")
        emulator.fault("listTemplate", nth=2, effect="status", status=503)
        assert create() is None
        assert "did not tell its id" in said()
        assert len(ids(emulator)) == 1


class TestDryRun:
    def test_nothing_is_created(self, emulator: Emulator, connect: Connect, said: Said) -> None:
        connect(dry_run=True)
        assert create().startswith("dry-run-")
        assert (sent(emulator), ids(emulator)) == ([], [])
        assert "no template was created" in said()

    def test_nothing_is_replaced(self, emulator: Emulator, connect: Connect, said: Said) -> None:
        old = seed(emulator, "Weekly", "Weekly")
        connect(dry_run=True)
        assert create(if_exists="replace").startswith("dry-run-")
        assert (sent(emulator), ids(emulator)) == ([], old)
        assert "Replaced" not in said()

    def test_what_exists_is_seen(self, emulator: Emulator, connect: Connect) -> None:
        (old,) = seed(emulator, "Weekly")
        connect(dry_run=True)
        assert create(if_exists="reuse") == old
        with pytest.raises(AirflowFailException, match=old):
            create()


class TestDelete:
    def delete(self, **arguments: Any) -> Any:
        return TruepushDeleteTemplateOperator(task_id="delete", **arguments).execute({})

    def test_delete(self, emulator: Emulator) -> None:
        first, second = seed(emulator, "a", "b")
        assert self.delete(template_id=first) is True
        assert [row["id"] for row in emulator.templates()] == [second]

    def test_missing(self, emulator: Emulator) -> None:
        assert self.delete(template_id=UNKNOWN) is False
        assert self.delete(template_id=UNKNOWN, if_missing="ignore") is False
        with pytest.raises(AirflowSkipException, match=UNKNOWN):
            self.delete(template_id=UNKNOWN, if_missing="skip")
        with pytest.raises(AirflowFailException, match=UNKNOWN):
            self.delete(template_id=UNKNOWN, if_missing="fail")

    def test_repeated_after_doubt(self, emulator: Emulator, connect: Connect) -> None:
        connect(max_attempts=2)
        (old,) = seed(emulator, "a")
        emulator.fault("deleteTemplate", nth=1, effect="fin")
        assert self.delete(template_id=old, if_missing="fail") is True
        assert sent(emulator) == ["deleteTemplate"] * 2

    @pytest.mark.parametrize(
        ("argument", "bad"),
        [
            *[("template_id", bad) for bad in (None, "", "Weekly", 5, "None", UNKNOWN + "0")],
            *[("if_missing", bad) for bad in (None, "", "reuse")],
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(self, emulator: Emulator, argument: str, bad: Any) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{argument}: "):
            self.delete(**{"template_id": UNKNOWN, argument: bad})
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    def test_every_field_is_a_template(self, emulator: Emulator, native: bool) -> None:
        digits = "123456789012345678901234"
        emulator.seed({"templates": [{"_id": digits}]})
        arguments = {"template_id": digits, "if_missing": "fail", "truepush_conn_id": "truepush_default"}
        templates, context = templated(arguments)
        operator = rendered_in(TruepushDeleteTemplateOperator, context, native=native, **templates)
        assert set(operator.template_fields) == set(templates)
        assert operator.execute({}) is True

    def test_dry_run(self, emulator: Emulator, connect: Connect) -> None:
        (old,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.delete(template_id=old) is True
        assert (sent(emulator), len(emulator.templates())) == ([], 1)


class TestList:
    def test_every_page(self, emulator: Emulator) -> None:
        made = seed(emulator, "a", "b", "c")
        rows = TruepushListTemplatesOperator(task_id="list").execute({})
        assert rows == [{"id": one, "name": name} for one, name in zip(made, "abc", strict=True)]
        assert emulator.count("listTemplate") == 3

    def test_none(self) -> None:
        operator = rendered_in(TruepushListTemplatesOperator, {"c": "truepush_default"}, truepush_conn_id="{{ c }}")
        assert operator.truepush_conn_id == "truepush_default"
        assert operator.execute({}) == []
