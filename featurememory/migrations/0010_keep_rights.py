"""People of an existing installation keep what they could see and change: everything,
in every project. Whoever could change patterns or thresholds becomes an editor, all others viewers."""

from django.db import migrations, models

CHANGING = [("patterns", "change_pattern"), ("featurememory", "change_featurememoryconfig")]


def keep_rights(apps, schema_editor):
    User = apps.get_model("auth", "User")
    Permission = apps.get_model("auth", "Permission")
    ProjectRole = apps.get_model("featurememory", "ProjectRole")
    may = models.Q(pk__in=[])
    for app, codename in CHANGING:
        may |= models.Q(content_type__app_label=app, codename=codename)
    changing = list(Permission.objects.filter(may).values_list("pk", flat=True))
    holds = models.Q(user_permissions__in=changing) | models.Q(groups__permissions__in=changing)
    editors = set(User.objects.filter(holds).values_list("pk", flat=True))
    people = User.objects.filter(is_superuser=False).values_list("pk", flat=True)
    ProjectRole.objects.bulk_create(
        ProjectRole(user_id=pk, project=None, role="editor" if pk in editors else "viewer")
        for pk in people.iterator()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("featurememory", "0009_project_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(keep_rights, migrations.RunPython.noop)]
