"""The operator that creates a template, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import (
    TruepushServerError,
)
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.template import (
    TruepushCreateTemplateOperator,
)
from tests.operators.resources import (
    Connect,
    Said,
    _connected,
    before_the_next,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    said_fixture,
    sent,
    templated,
)
from tests.operators.templates import BODY, FULL, LEAST, create, ids, seed

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture"]


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
        with pytest.raises(AirflowFailException, match=rf"'Weekly' exists already: {old}\. Nothing was created"):
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

    def test_one_was_deleted_by_someone_else_meanwhile(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        before_the_next(emulator, "createTemplate", lambda: emulator.delete("templates", old))
        assert [create(if_exists="replace")] == ids(emulator)


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
