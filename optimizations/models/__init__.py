"""Rows of the registry (models and their dated prices), of optimizations, and of every decision."""

from optimizations.models.comparisons import EvaluationTask as EvaluationTask
from optimizations.models.comparisons import ShadowAnswer as ShadowAnswer
from optimizations.models.decisions import AppliedOptimization as AppliedOptimization
from optimizations.models.decisions import Decision as Decision
from optimizations.models.decisions import WaitingOutcome as WaitingOutcome
from optimizations.models.optimizations import EvidencePoint as EvidencePoint
from optimizations.models.optimizations import ManualControl as ManualControl
from optimizations.models.optimizations import Optimization as Optimization
from optimizations.models.optimizations import OptimizationEvent as OptimizationEvent
from optimizations.models.optimizations import OptimizationStatus as OptimizationStatus
from optimizations.models.policy_state import PolicyState as PolicyState
from optimizations.models.policy_state import fresh_salt as fresh_salt
from optimizations.models.registry import ModelPrice as ModelPrice
from optimizations.models.registry import RegisteredModel as RegisteredModel
from optimizations.models.sums import ArmHour as ArmHour
from optimizations.models.sums import LedgerHour as LedgerHour
