from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("engine", "0030_run_run_failures"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="run", name="run_letters"),
    ]
