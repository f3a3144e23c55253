"""The root of the `planwatch` command and what its commands share on failure."""

from __future__ import annotations

import sys

import click

from planwatch.errors import InvalidCatalogue, InvalidConceptList, InvalidPlan, PlanwatchError
from services.cli.accounts import account
from services.cli.alignment import align_plans
from services.cli.areas import rank, rollup
from services.cli.assess import assess
from services.cli.audit import audit
from services.cli.channels import channel
from services.cli.concepts import concept
from services.cli.contacts import contact
from services.cli.dead_letters import deadletter
from services.cli.doctor import doctor
from services.cli.equalisation import equalisation
from services.cli.keys import key
from services.cli.methods import method
from services.cli.migrate import migrate
from services.cli.milestones import milestone
from services.cli.plan_import import import_command, template
from services.cli.plans import plan
from services.cli.policies import policy
from services.cli.scores import composite
from services.cli.simulate import simulate_command
from services.cli.submit import submit
from services.cli.up import up
from services.cli.warnings import explain, list_warnings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def commands() -> None:
    """规划监测：数据一到，即知进度，落后即预警。 Planwatch: figures in, verdicts and early warnings out.

    \b
    先运行 planwatch up（启动内置服务器并载入五个规划），再在另一个终端使用其余命令。
    Start with `planwatch up`; the other commands then work from a second terminal.
    服务器地址取自环境变量 PLANWATCH_DATABASE_URL 等，否则取自正在运行的 planwatch up。
    """


for command in (
    up,
    plan,
    milestone,
    policy,
    concept,
    submit,
    assess,
    method,
    list_warnings,
    explain,
    audit,
    contact,
    account,
    channel,
    deadletter,
    key,
    migrate,
    doctor,
    equalisation,
    composite,
    rank,
    rollup,
    simulate_command,
):
    commands.add_command(command)
for command in (align_plans, import_command, template):
    plan.add_command(command)


def main() -> None:
    """Entry point: errors that Planwatch raises on purpose are told in one line, not as a stack trace."""
    try:
        status = commands(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except InvalidConceptList as error:
        for fault in error.faults:
            click.echo(f"{fault.place}: {fault.reason.zh} / {fault.reason.en}", err=True)
        sys.exit(1)
    except (InvalidPlan, InvalidCatalogue) as error:
        for refused in error.refused if isinstance(error, InvalidCatalogue) else (error,):
            for fault in refused.faults:
                click.echo(f"{refused.plan_id}/{fault.place}: {fault.reason.zh} / {fault.reason.en}", err=True)
        sys.exit(1)
    except PlanwatchError as error:
        click.echo(f"错误 Error: {error}", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
