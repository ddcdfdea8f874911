"""The components that an objective file may name, each the settings of one oracle."""

from typing import Annotated

from pydantic import Field

from chemmara.scoring.components.docked import DockingComponent
from chemmara.scoring.components.graph import (
    AlertsComponent,
    CoreComponent,
    DescriptorComponent,
    IsomerComponent,
    RdkitComponent,
    RulesComponent,
    SmartsComponent,
    SmartsCountComponent,
)
from chemmara.scoring.components.learned import QsarComponent
from chemmara.scoring.components.likeness import (
    NoveltyComponent,
    ShapeComponent,
    SimilarityComponent,
    SpatialComponent,
)
from chemmara.scoring.components.own import ProgramComponent, PythonComponent, RestComponent

Component = Annotated[
    DescriptorComponent
    | RdkitComponent
    | SimilarityComponent
    | NoveltyComponent
    | SmartsComponent
    | SmartsCountComponent
    | CoreComponent
    | AlertsComponent
    | RulesComponent
    | IsomerComponent
    | SpatialComponent
    | ShapeComponent
    | QsarComponent
    | DockingComponent
    | PythonComponent
    | ProgramComponent
    | RestComponent,
    Field(discriminator="oracle"),
]
