"""Settings from the environment."""

from __future__ import annotations

import pytest
from backend.settings import DatabaseSettings, MigrateSettings, ServeSettings, SettingsError

DATABASE = {
    "DATABASE_HOST": "db",
    "DATABASE_NAME": "status",
    "DATABASE_USERNAME": "status",
    "DATABASE_PASSWORD": "pass-word",
}
MASTER = {
    "DATABASE_MASTER_USERNAME": "master",
    "DATABASE_MASTER_PASSWORD": "m",
    "ADMINISTRATOR_PASSWORD": "correct horse battery",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def put(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


def test_a_missing_setting_is_reported(environment):
    with pytest.raises(SettingsError) as caught:
        ServeSettings.read()
    for name in DATABASE:
        assert f"{name}: must be set" in str(caught.value)
    environment({**DATABASE, "PORT": "http", "DATABASE_PASSWORD": ""})
    with pytest.raises(SettingsError, match=r"^DATABASE_PASSWORD: must be set; PORT: .*integer"):
        ServeSettings.read()


def test_a_password_and_a_token_exclude_each_other(environment, monkeypatch):
    environment({**DATABASE, "DATABASE_IAM_REGION": "eu-west-1"})
    with pytest.raises(SettingsError, match=r"^DATABASE_PASSWORD: must not be set beside"):
        ServeSettings.read()
    monkeypatch.delenv("DATABASE_PASSWORD")
    assert ServeSettings.read().database_password is None
    monkeypatch.delenv("DATABASE_IAM_REGION")
    environment({**DATABASE, **MASTER, "DATABASE_IAM_USERNAME": "status_iam"})
    assert MigrateSettings.read().roles == [("status", "pass-word"), ("status_iam", None)]
    environment({"DATABASE_IAM_USERNAME": "status"})
    with pytest.raises(SettingsError, match=r"^DATABASE_IAM_USERNAME: must differ"):
        MigrateSettings.read()


def test_a_secret_is_not_shown(environment):
    environment({**DATABASE, **MASTER, "ADMINISTRATOR_PASSWORD": "short"})
    with pytest.raises(SettingsError) as caught:
        MigrateSettings.read()
    assert "short" not in str(caught.value).replace("shorter", "")
    environment({**DATABASE, **MASTER})
    assert "pass-word" not in repr(MigrateSettings.read())


def test_the_service_does_not_run_as_the_master_user(environment):
    environment({**DATABASE, **MASTER, "DATABASE_MASTER_USERNAME": "status"})
    with pytest.raises(SettingsError, match=r"^DATABASE_USERNAME: must differ"):
        MigrateSettings.read()


def test_a_server_on_aws_must_show_a_valid_certificate(environment, tmp_path):
    environment({**DATABASE, "DATABASE_HOST": "x.cluster-y.eu-central-1.rds.amazonaws.com"})
    with pytest.raises(SettingsError, match=r"^DATABASE_SSLROOTCERT: no such file"):
        DatabaseSettings.read()
    (tmp_path / "ca.pem").write_text("")
    environment({"DATABASE_SSLROOTCERT": str(tmp_path / "ca.pem")})
    assert DatabaseSettings.read().tls == {
        "sslmode": "verify-full",
        "sslrootcert": str(tmp_path / "ca.pem"),
    }


def test_elsewhere_tls_is_used_if_offered_unless_configured(environment):
    environment(DATABASE)
    assert DatabaseSettings.read().tls == {"sslmode": "prefer"}
    environment({"DATABASE_SSLMODE": "require"})
    assert DatabaseSettings.read().tls == {"sslmode": "require"}
