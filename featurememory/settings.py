"""One settings file. Nothing needs to be set: SQLite, no Redis, background work in this process.

Every environment variable is named FM_…, documented in docs/settings.md, and refused with one
clear line when it cannot be used.
"""

import os
import secrets
from pathlib import Path

from featurememory.environment import (
    choose_memory_limit,
    configure_database,
    configure_memory_database,
    load_secret_files,
    prepare_data_dir,
    read_base_path,
    read_choice,
    read_flag,
    read_integer,
    read_log_level,
    read_names,
    read_networks,
    read_redis_url,
)
from featurememory.sign_in_settings import (
    read_grants,
    read_group_grants,
    read_header,
    read_oidc,
)

# Whatever this writes (database, uploads, keys) is for its own account only.
os.umask(0o077)
load_secret_files()
BASE_DIR = Path(__file__).resolve().parent.parent
# memory: nothing is written to disk, and everything is gone when the server stops.
STORAGE = read_choice("FM_STORAGE", among=("persistent", "memory"))
DATA_DIR = prepare_data_dir("FM_DATA_DIR", default=BASE_DIR / "var", make=STORAGE == "persistent")
DATABASE_URL = os.environ.get("FM_DATABASE_URL", "")
REDIS_URL = read_redis_url(os.environ.get("FM_REDIS_URL", ""))
DEBUG = read_flag("FM_DEBUG", default=False)
# True: the web process does the background work in a thread (see integration/embedded_worker.py).
EMBEDDED = read_flag("FM_EMBEDDED", default=not REDIS_URL)
VERSION = "0.1.0"


def load_secret_key() -> str:
    """FM_SECRET_KEY, else one generated at first start and stored in the data directory."""
    if given := os.environ.get("FM_SECRET_KEY"):
        return given
    if STORAGE == "memory":  # sessions end with the process, too
        return secrets.token_urlsafe(50)
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(50))
        temporary.rename(path)
    return path.read_text().strip()


SECRET_KEY = load_secret_key()
# Local names are always allowed: a container's health check asks 127.0.0.1.
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = list(dict.fromkeys([*read_names("FM_ALLOWED_HOSTS", default=[]), *LOCAL_HOSTS]))
HTTPS = read_flag("FM_HTTPS", default=False)
# Both applied by featurememory/http/trusted_proxies.py, around the whole application.
BASE_PATH = read_base_path("FM_BASE_PATH")
TRUSTED_PROXIES = read_networks("FM_TRUSTED_PROXIES")
# A form's Origin is compared with the request's own scheme and host; these are for proxies that pass
# neither. Django's form for "this domain and what is under it" is https://*.example.com.
CSRF_TRUSTED_ORIGINS = [
    f"https://{form}{host.lstrip('.')}"
    for host in ALLOWED_HOSTS
    if host != "*"
    for form in (("", "*.") if host.startswith(".") else ("",))
]

INSTALLED_APPS = [
    "featurememory.apps.FeatureMemoryApp",
    "patterns.apps.PatternsApp",
    "optimizations.apps.OptimizationsApp",
    "integration.apps.IntegrationApp",
    "featurememory.apps.RoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "featurememory.http.middleware.assign_request_id",
    "featurememory.http.allowed_hosts.check_host",
    "featurememory.audit.origin.note_origin",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "featurememory.http.middleware.add_content_security_policy",
    "featurememory.http.rate_limits.limit_address",
    "integration.api.fast_ingest.answer_ingest",
    "featurememory.http.middleware.CompressPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "featurememory.access.header_sign_in.HeaderSignIn",
    "featurememory.access.second_factor_gate.ask_for_second_factor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "featurememory.page_access.explain_refused_method",
]

ROOT_URLCONF = "featurememory.urls"
WSGI_APPLICATION = "featurememory.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "integration.views.navigation.add_page_surroundings",
            ],
            "builtins": [
                "featurememory.templatetags.figures",
                "featurememory.templatetags.drawings",
                "featurememory.templatetags.places",
            ],
        },
    }
]

# Beyond these the API refuses requests (429, 503, 507): patterns/ingest/backpressure.py.
QUEUE_LIMIT = read_integer("FM_QUEUE_LIMIT", default=500_000, minimum=1)
# Health is degraded while the oldest pending interaction is older (seconds): patterns/ingest/lag.py.
LAG_LIMIT = read_integer("FM_LAG_LIMIT", default=60, minimum=1)
DISK_RESERVE = read_integer("FM_DISK_RESERVE", default=16 << 20, minimum=0)
# Bytes of all projects together; 0: the largest of their own limits.
STORAGE_MAX_SIZE = read_integer("FM_STORAGE_MAX_SIZE", default=0, minimum=0)
# Requests of one address; 0: any number. Keys have limits of their own, see `limits` of a project.
REQUESTS_PER_MINUTE = read_integer("FM_REQUESTS_PER_MINUTE", default=0, minimum=0)
CONNECTIONS_PER_ADDRESS = read_integer("FM_CONNECTIONS_PER_ADDRESS", default=512, minimum=0)
MEMORY_LIMIT = read_integer("FM_MEMORY_LIMIT", default=choose_memory_limit(), minimum=128 << 20)

DATABASES = {
    "default": configure_memory_database(MEMORY_LIMIT)
    if STORAGE == "memory"
    else configure_database(DATABASE_URL, DATA_DIR / "featurememory.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "featurememory.database.redis_cache.OptionalRedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# Absolute, for PlacedStaticFiles puts the base path before it.
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("FM_STATIC_ROOT") or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "featurememory.http.base_path.PlacedStaticFiles"},
}

# Each file once, under its hashed name; source maps are for debuggers and stay as they are.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "gz", "br", "woff", "woff2", "zip"]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
# Other ways to sign in: featurememory/access/oidc.py and header_sign_in.py. Both make people with
# SSO_ROLES, and follow SSO_GROUP_ROLES at every sign-in.
OIDC = read_oidc()
SSO_HEADER = read_header("FM_SSO_HEADER")
SSO_GROUPS_HEADER = read_header("FM_SSO_GROUPS_HEADER")
SSO_ROLES = read_grants("FM_SSO_ROLE")
SSO_GROUP_ROLES = read_group_grants("FM_SSO_GROUP_ROLES")
PASSWORD_SIGN_IN = read_flag("FM_PASSWORD_SIGN_IN", default=True)
AUTHENTICATION_BACKENDS = ["featurememory.access.people_backend.PeopleBackend"]
if SSO_HEADER:
    AUTHENTICATION_BACKENDS.append("featurememory.access.header_sign_in.HeaderBackend")
# Who must have a second factor beside the password: featurememory/access/second_factor_gate.py.
SECOND_FACTOR = read_choice("FM_SECOND_FACTOR", among=("optional", "admins", "everyone"))
SESSION_COOKIE_AGE = 14 * 86400
SESSION_COOKIE_HTTPONLY = True
# What else lives on this host has cookies of its own.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{BASE_PATH}/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Static files hold no secrets, and a web server may be who reads them.
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755
# Our own views check sizes by content type; this is Django's guard for forms.
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 << 20
if STORAGE == "memory":  # Django's other handler keeps large files in /tmp
    FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

BODY_LIMIT = read_integer("FM_BODY_LIMIT", default=1 << 20, minimum=1024)
BATCH_BODY_LIMIT = read_integer("FM_BATCH_BODY_LIMIT", default=16 << 20, minimum=1024)
BATCH_ITEM_LIMIT = read_integer("FM_BATCH_ITEM_LIMIT", default=1000, minimum=1)

# Hosts that a project's embedder_url may name: featurememory/outgoing.py.
WEBHOOK_HOSTS = read_names("FM_WEBHOOK_HOSTS", default=[])
EMBEDDER_HOSTS = read_names("FM_EMBEDDER_HOSTS", default=[])
EMBEDDER_KEY = os.environ.get("FM_EMBEDDER_KEY", "")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integration.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["featurememory.http.drf.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["featurememory.http.drf.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["featurememory.http.drf.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "featurememory.http.drf.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "featurememory.http.problems.handle_problem",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Feature Memory",
    "VERSION": VERSION,
    "DESCRIPTION": "Interactions in, patterns learned, answers out. See /api/v1/docs/.",
    "SERVE_INCLUDE_SCHEMA": True,
    "SERVE_PUBLIC": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "featurememory.http.base_path.add_server",
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}},
    },
    "SECURITY": [{"ApiKey": []}],
}

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Seconds between two runs of a task: Celery beat and the embedded worker share this schedule.
BACKGROUND_SCHEDULE = {
    "integration.tasks.sweep": 5.0,
    "integration.tasks.consolidate_due": 10.0,
    "integration.tasks.start_upgrades": 30.0,
    "integration.tasks.cleanup_due": 3.0,
    "integration.tasks.sample_resources": 60.0,
    "integration.tasks.index_tags": 30.0,
    "integration.tasks.review_optimizations": 30.0,
    "integration.tasks.train_payloads": 15.0,
    "integration.tasks.run_jobs": 2.0,
    "integration.tasks.evaluate_alerts": 30.0,
    "integration.tasks.deliver_alerts": 5.0,
}
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": seconds} for name, seconds in BACKGROUND_SCHEDULE.items()
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "featurememory.process.json_logs.RequestId"}},
    "formatters": {"json": {"()": "featurememory.process.json_logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": read_log_level("FM_LOG_LEVEL", default="WARNING")},
    "loggers": {
        "featurememory": {"level": read_log_level("FM_LOG_LEVEL", default="INFO")},
        "django.request": {"level": "ERROR"},
    },
}
